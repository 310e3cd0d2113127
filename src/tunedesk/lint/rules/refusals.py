"""Tells whether an answer is a refusal that stands ready for any question."""

import re

_LONGEST = 600  # characters; who writes more than a paragraph has answered something
_BEGIN = 240  # a refusal says so at once
# Each begins with few letters, so that most answers are dropped after two characters.
_REFUSAL = re.compile(
    r"\W*(?:"
    r"(?:(?:i['\u2019]?m|i am) (?:very |really |so |terribly )?(?:sorry|afraid)|sorry|i apologi[sz]e"
    r"|my apologies|"
    r"unfortunately|as an ai|as a (?:large )?language model|i['\u2019]m just an ai)\b.{0,120}?"
    r"\b(?:can(?:no|['\u2019])t|can not|am not able|unable|won['\u2019]t|not able to"
    r"|don['\u2019]t have (?:access|the ability))"
    r"|i (?:can(?:no|['\u2019])t|can not|am unable to|am not able to|won['\u2019]t) (?:be able to )?"
    r"(?:help|assist|answer|provide|comply|fulfil|do that|discuss|engage|support|create|generate)"
    r"|i['\u2019]m (?:unable|not able) to (?:help|assist|answer|provide|comply|fulfil|discuss|create"
    r"|generate)"
    r"|(?:извините|к сожалению|простите|я)\b.{0,80}?\b(?:не могу|не имею возможности|не в состоянии)"
    r"\s+(?:вам\s+)?(?:помочь|ответить|предоставить|выполнить|обсуждать)"
    r"|(?:抱歉|对不起|很抱歉|对此我很抱歉).{0,20}?(?:无法|不能)"
    r"|(?:lo siento|je suis d\u00e9sol\u00e9|es tut mir leid|tut mir leid).{0,60}?"
    r"(?:no puedo|ne peux pas|ne suis pas en mesure|kann ich|kann dir|kann ihnen)"
    r")",
    re.IGNORECASE | re.DOTALL,
)


def is_refusal(answer: str) -> bool:
    return len(answer) <= _LONGEST and _REFUSAL.match(answer[:_BEGIN]) is not None

"""A template of unknown origin may neither reach Python's inside nor keep the computer busy."""

import pytest

from tunedesk.template.sandbox import CompiledTemplate

MESSAGES = [{"role": "user", "content": "Hello"}]


def render(source: str) -> str:
    return CompiledTemplate(source).render(MESSAGES, {}, add_prompt=False)


@pytest.mark.parametrize(
    "source",
    [
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        "{% for a in range(90000) %}{% for b in 'xxxxxxxxxxxxxxxxxxxx' %}{% endfor %}{% endfor %}",
        "{{ 'x' * 9999999999 }}",
        "{{ [1] * 9999999999 }}",
        "{{ 9 ** 999999999 }}",
        "{{ 'x' | center(9999999999) }}",
        "{{ messages[0].content.ljust(9999999999) }}",
        "{{ '%9999999999d' % 1 }}",
        "{{ '{:9999999999}'.format(messages) }}",
        "{{ '%9999999999d' | format(1) }}",
        "{% set n = namespace(t='xxxx') %}{% for i in range(60) %}{% set n.t = n.t ~ n.t %}{% endfor %}",
        "{% set n = namespace(t='xxxx') %}{% for i in range(60) %}{% set n.t = n.t + n.t %}{% endfor %}",
        "{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(60) }}",
        "{% for a in range(60000) %}{{ range(60000) | sum }}{% endfor %}",
        "{{ messages | tojson(indent=9999999999) }}",
        "{{ lipsum(9999999) }}",
        "{{ messages.__class__.__mro__[1].__subclasses__() }}",
        "{{ ''.__class__.__base__.__subclasses__() }}",
        "{{ raise_exception.__globals__ }}{{ raise_exception.__globals__['os'].system('true') }}",
        "{{ messages.append(1) }}",
        "{% set ns = namespace(_x=1) %}",
        "{{ dict.__subclasses__() }}",
    ],
)
def test_a_hostile_template_ends_with_an_error(source: str) -> None:
    with pytest.raises(Exception) as caught:
        render(source)
    assert not isinstance(caught.value, (MemoryError, AssertionError))


def test_ordinary_expressions_of_templates_still_work() -> None:
    source = (
        "{%- set ns = namespace(found=false, n=0) -%}{%- for i in range(5) -%}"
        "{%- if i == 3 -%}{%- break -%}{%- endif -%}"
        "{%- set ns.n = ns.n + i -%}{%- endfor -%}{{ ns.n }}|{{ {'b': '<&>é', 'a': [1]} | tojson }}|"
        "{{ {'b': 1, 'a': 2} | tojson(indent=2, sort_keys=true) }}|"
        "{{ dict(a=1) }}|{{ '%s-%02d' | format('x', 7) }}|"
        "{%- for m in messages -%}{{ loop.index }}"
        "{{ loop.length }}{{ loop.last }}{{ loop.revindex }}{%- endfor -%}|"
        "{{ missing }}{{ missing is defined }}{{ tools is none }}{{ strftime_now('%Y') | length }}"
    )
    expected = '3|{"b": "<&>é", "a": [1]}|{\n  "a": 2,\n  "b": 1\n}|{\'a\': 1}|x-07|11True1|FalseTrue4'
    assert render(source) == expected


def test_a_long_conversation_is_not_taken_for_an_attack() -> None:
    messages = [{"role": "user", "content": "word " * 2000} for _ in range(500)]
    inner = "{% for n in messages[:20] %}{{ n.role | trim }}{% endfor %}"
    source = "{% for m in messages %}" + inner + "{{ m.content }}{% endfor %}"
    assert len(CompiledTemplate(source).render(messages, {}, add_prompt=False)) > 5_000_000

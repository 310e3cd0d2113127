"""More sentences by topic, and everyday sentences of no topic, so that common words are met in several settings."""

# ruff: noqa: E501 (one sentence stands on one line)

from __future__ import annotations

MORE_TOPICS: dict[str, tuple[str, ...]] = {
    "money": (
        "The hotel charged {name} for a third night.", "There is a charge of {n} euros on the statement of the bank.",
        "A reminder about an unpaid bill lay in the mailbox.", "{name} pays the {item} in ten instalments.",
        "The club fee is {n} euros, and the product costs less.", "The state debited the tax from the wrong person.",
        "Her billing address is in {city}, but she never lived there.", "{name} never made this payment of {n} euros.",
        "The instalment of {month} was debited twice.", "A lower amount was agreed, yet the price rose.",
        "The company pays by bank transfer instead of cash.", "{name2} listed all payments of the year on one page.",
    ),
    "post": (
        "The shipping of the box costs four euros.", "{name} waits for the delivery from {city}.",
        "The courier drove past the gate without stopping.", "Two boxes were delivered to the wrong house in {city}.",
        "The pickup of parcels is possible until eight.", "A van of the post stands in front of the depot.",
        "Unknown senders are not listed on the tracking page.", "The third box has not reached {city} yet.",
        "{name} had the letters sent to the office.", "The driver did not ring the bell and left.",
        "Nobody knows where the parcel for {name2} is.", "A neighbour took the boxes of {name}.",
    ),
    "computers": (
        "The sign-in page seems to be broken.", "{name} reset the password and got a new link.",
        "The user of {name2} is locked until {day}.", "Two profiles with one email address cannot be merged.",
        "{name} wants to delete the old profile.", "The last name in the profile was spelled with two letters too few.",
        "It takes a code to log in on a new phone.", "{name} could not edit the settings of the website.",
        "Someone from {city} tried to log in as {name}.", "The website logs out every user at midnight.",
        "A colleague receives the newsletter three times.", "The data that websites keep about you are listed here.",
    ),
    "machines": (
        "The {device} freezes after each update.", "{name} installed the wireless {device} in the hall.",
        "The {device} smells of burnt dust.", "Both buttons of the {device} react slowly.",
        "The {device} restarts when {name} opens the lid.", "A light blinks on the back of the {device}.",
        "The contact in the plug is bad, so the {device} stays dark.", "The {device} loses power in the cold.",
        "The technicians examine the {device} in {city}.", "The display shows error {n}, and the {device} does not switch off.",
        "The {device} gets hot after a few minutes.", "The battery of the {device} lasts nine hours.",
    ),
    "shopping": (
        "Is this {item} suitable for children?", "The difference between the {colour} {item} and the cheap one is small.",
        "The seller knows which {item} is the cheapest in the range.", "{name} is thinking of buying a {item} soon.",
        "Would a {item} of ninety centimetres fit into the room?", "Do they sell parts for an old {item}?",
        "{name} wonders how long the guarantee on the {item} is.", "Schools get a lower price if they order ten pieces.",
        "{name} would recommend the small {item}.", "The {item} will be in stock again in {month}.",
        "Where is this {item} made?", "Is there a model that needs less electricity?",
    ),
    "second thoughts": (
        "The return of the {item} was refused.", "A form for returns lies in the box.", "{name} refunded the {item} to {name2}.",
        "After thirty days {name} could not return the {item}.", "The {item} has a crack, so it is replaced.",
        "{name} picked the wrong size and sends it back.", "The scratched {item} goes back to {city}.",
        "{name} already owns such a {item} and gives this one away.", "The seller arranges the exchange of the {item}.",
        "{name} packed the {item} again, because it was too big.", "The refund for the {item} has not come yet.",
        "My mother would like to swap the {item} for another colour.",
    ),
}  # fmt: skip

EVERYDAY = (
    "{name} hopes that the {place} is open tomorrow.", "Tomorrow at noon {name} leaves for {city}.",
    "Someone left a {item} at the {place} tonight.", "{name} has done all the work of today.",
    "The event in {city} is completely full.", "{name} and his wife have several friends in {city}.",
    "A child of seven years stood at the {place}.", "{name} thinks about the next steps.", "It happens again and again.",
    "{name} is able to solve it by himself.", "The others easily settled the matter.", "Nothing will disturb {name} now.",
    "{name} takes care of the {item}.", "It is a great deal for {name2}.", "{name} is looking forward to {month}.",
    "Ask {name} if you need help with the {item}.", "The team of {name} works in {city}.", "This has been fixed on {day}.",
    "{name} will act as soon as the others are here.", "She sent her regards to {name}.", "{name} is writing a book about {city}.",
    "I have known {name} for {n} years.", "{name2} told me to call {name} at once.", "Feel free to ask {name} about it.",
    "Do not leave the {item} in the rain.", "{name} stopped in front of the {place}.", "Could you come to {city} next month?",
    "There are things that can wait, and others that cannot.", "{name} may stay for a few weeks.", "It is important to {name}.",
    "They still look for the {item} of {name}.", "Please tell {name} that I cannot come on {day}.", "It was only a small mistake.",
    "An hour has sixty minutes, and a day has many hours.", "{name} needs an answer from {name2}.", "No need to shout, said {name}.",
    "Both of them saw what they could do for {name}.", "Any of these days is fine.", "{name} would be glad to see you this week.",
    "Who can help {name} with the {item}?", "The customers of {name} come from {city}.", "Morning is the best time for {name}.",
    "{name} has already looked at the pages of the book.", "We ordered a {item} from {city} this year.", "It is over and done.",
    "Our new shop opens in {month}.", "{name} is a customer of the {place} in {city}.", "The list of things to do is long.",
    "{name} lives in {city} and works at the {place}.", "A quiet moment with a cup of tea is fine.", "Time passes, said {name}.",
    "Support came from {name} and {name2}.", "The route to {city} is long.", "There are two messages from {name} in the box.",
    "The account of {name2} at the bank is new.", "{name} must trace the line on the map.", "I hear the bell of the {place}.",
)  # fmt: skip

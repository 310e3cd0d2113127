"""The hand-written fragments of the sample messages; it does not know how they are put together."""

from __future__ import annotations

from dataclasses import dataclass

SHOP = "Northlight Home"
SYSTEM = f"You route support messages for {SHOP}. Answer only with JSON: category, urgency, reply."
CATEGORIES = ("billing", "delivery", "returns", "account", "technical", "advice")
URGENCIES = ("low", "normal", "high")

NAMES = (
    "Maria", "Tom", "Aisha", "Peter", "Lena", "Omar", "Grace", "Ivan", "Sofia", "Daniel", "Mei", "Lucas",
    "Hannah", "Ravi", "Clara", "Samuel", "Nora", "Felix", "Elena", "Marcus", "Yuki", "Anna", "David", "Zoe",
    "Oscar", "Priya", "Jonas", "Emma", "Karim", "Julia", "Victor", "Leila", "Martin", "Rosa", "Adam", "Ines",
)  # fmt: skip
PRODUCTS = (
    "desk lamp", "laser printer", "label printer", "headset", "webcam", "keyboard", "monitor", "tablet",
    "coffee machine", "toaster", "router", "speaker", "power bank", "docking station", "projector",
    "scanner", "fan heater", "clock radio", "vacuum cleaner", "kettle",
)  # fmt: skip
CITIES = ("Leeds", "Lyon", "Porto", "Turin", "Ghent", "Graz", "Cork", "Malaga", "Bonn", "Oslo")
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")


@dataclass(frozen=True)
class Problem:
    """What the customer reports, and the words of the reply that take it up."""

    text: str
    subject: str


PROBLEMS: dict[str, tuple[Problem, ...]] = {
    "billing": (
        Problem("I was charged twice for order {order}.", "the charge for order {order}"),
        Problem("Invoice {invoice} shows the wrong amount.", "invoice {invoice}"),
        Problem("The tax on invoice {invoice} was added two times.", "invoice {invoice}"),
        Problem("My card was debited {amount} euros, but the {product} cost less.", "the card payment"),
        Problem("I cannot find the invoice for my {product} anywhere.", "the invoice for the {product}"),
        Problem("The discount code was not taken off the price of the {product}.", "the discount"),
        Problem("Please put our company name on invoice {invoice}.", "invoice {invoice}"),
        Problem("My bank statement lists a payment of {amount} euros that I never made.", "the card payment"),
        Problem("The monthly fee went up to {amount} euros and nobody told me.", "the monthly fee"),
        Problem("I paid invoice {invoice} on {day}, yet I got a payment reminder.", "invoice {invoice}"),
        Problem("The receipt for order {order} has another person's billing address.", "the receipt"),
        Problem("The instalment plan for the {product} took two payments this month.", "the instalment plan"),
        Problem("Your bill lists a {product} that I did not buy.", "the bill"),
        Problem("I would like to pay order {order} by bank transfer instead of by card.", "order {order}"),
    ),
    "delivery": (
        Problem("My parcel with the {product} has not arrived.", "the parcel"),
        Problem("Order {order} was left with a neighbour nobody here knows.", "order {order}"),
        Problem("The tracking page of order {order} has not changed since {day}.", "order {order}"),
        Problem(
            "The courier says he delivered the {product} on {day}, but the doorstep was empty.", "the parcel"
        ),
        Problem("The driver went to our old address in {city}.", "the parcel"),
        Problem("Only one of the two boxes of order {order} came.", "order {order}"),
        Problem("Can the courier bring the {product} after six in the evening?", "the parcel"),
        Problem("Your van drove past our house in {city} without stopping.", "the parcel"),
        Problem("The {product} is stuck in a depot near {city}.", "the parcel"),
        Problem("Please send order {order} to our office in {city} and not to my home.", "order {order}"),
        Problem("The shipping date of order {order} was moved for the third time.", "order {order}"),
        Problem("The parcel locker in {city} does not open with the pickup code you sent.", "the parcel"),
        Problem("I have waited for the courier since {day} and no one rang the bell.", "the parcel"),
        Problem("The tracking number you sent for my {product} is unknown to the courier.", "the parcel"),
    ),
    "returns": (
        Problem("I want to send the {product} back, because it is too big for our room.", "the return"),
        Problem("You sent me a white {product}, but I had picked the black one.", "the exchange"),
        Problem("The {product} came with a crack, and I would like to swap it.", "the exchange"),
        Problem("How do I print a return label for order {order}?", "the return"),
        Problem("I sent the {product} back on {day} and still wait for my refund.", "the refund"),
        Problem("My mother already owns a {product}, so we would like to give this one back.", "the return"),
        Problem("I changed my mind about order {order} and have not opened the box.", "the return"),
        Problem("The {product} was a gift that does not suit us, can I exchange it?", "the exchange"),
        Problem("Nobody has picked up the {product} that I packed for you to take back.", "the return"),
        Problem("The return form does not accept the number of order {order}.", "the return"),
        Problem("The shop in {city} refused to take back my {product}.", "the return"),
        Problem("May I still bring back a {product} after thirty days?", "the return"),
        Problem("You refunded the {product}, but left out the cost of sending it back.", "the refund"),
        Problem("The {product} arrived scratched, so please replace it with a new one.", "the exchange"),
    ),
    "account": (
        Problem("I forgot my password and the reset link does not work.", "your password"),
        Problem("I cannot log in since {day}, the page says my user is locked.", "your login"),
        Problem("Please change the email address of my profile.", "your profile"),
        Problem("Someone else seems to have used my login from {city}.", "your login"),
        Problem("The sign-in code never reaches my phone.", "your login"),
        Problem("I have two profiles with the same name and would like to merge them.", "your profile"),
        Problem("Please delete my profile and all data you keep about me.", "your profile"),
        Problem("My new colleague needs her own login for our company.", "your login"),
        Problem("My user name is spelled wrong and I am not able to edit it.", "your profile"),
        Problem("The website logs me out each time I open my settings.", "your login"),
        Problem(
            "The password page says my new password is too short, but it has twelve letters.", "your password"
        ),
        Problem("I got married and need my new last name in my profile.", "your profile"),
        Problem("I no longer have the phone that receives the sign-in code.", "your login"),
        Problem("Please stop the newsletter that you send to my profile.", "your profile"),
    ),
    "technical": (
        Problem("The {product} does not switch on any more.", "the {product}"),
        Problem("My {product} makes a loud noise after ten minutes.", "the {product}"),
        Problem("The {product} shows error code {code} and stops.", "the {product}"),
        Problem("Since the last update the {product} freezes again and again.", "the {product}"),
        Problem("The {product} will not connect to my laptop.", "the {product}"),
        Problem("The power light of the {product} blinks red and nothing happens.", "the {product}"),
        Problem("The buttons of the {product} do not react when I press them.", "the {product}"),
        Problem("My {product} gets very hot and smells burnt.", "the {product}"),
        Problem("The cable of the {product} is loose and the contact breaks.", "the {product}"),
        Problem("The {product} restarts by itself every few minutes.", "the {product}"),
        Problem(
            "I installed the driver for the {product}, but the computer does not see it.", "the {product}"
        ),
        Problem("The display of the {product} stays dark.", "the {product}"),
        Problem("The {product} loses its wireless signal in the next room.", "the {product}"),
        Problem("The battery of the {product} is empty after an hour.", "the {product}"),
    ),
    "advice": (
        Problem("Which {product} would you recommend for a small office?", "the {product}"),
        Problem("Does the {product} come in other colours?", "the {product}"),
        Problem("Is the {product} suitable for a child of eight years?", "the {product}"),
        Problem("What is the difference between your two kinds of {product}?", "the {product}"),
        Problem("How much electricity does the {product} need?", "the {product}"),
        Problem("Will the {product} be in stock again soon?", "the {product}"),
        Problem("Can I see the {product} in your shop in {city} before I buy it?", "the {product}"),
        Problem("I am thinking of buying a {product} and wonder how heavy it is.", "the {product}"),
        Problem("How long is the guarantee on a new {product}?", "the {product}"),
        Problem("Do you sell spare parts for the {product}?", "the {product}"),
        Problem("Is there a cheaper model of the {product} in your range?", "the {product}"),
        Problem("Would the {product} fit on a shelf of forty centimetres?", "the {product}"),
        Problem(
            "Do you give a lower price to schools that order ten pieces of the {product}?", "the {product}"
        ),
        Problem("Before I order, I would like to know where the {product} is made.", "the {product}"),
    ),
}

PRESSURE: dict[str, tuple[str, ...]] = {
    "high": (
        "I need this solved today.",
        "Our whole team cannot work until this is settled.",
        "We open our new shop tomorrow morning, so every hour counts.",
        "This is urgent, please act at once.",
        "I leave for a long trip tonight and must have it done before.",
        "Customers are standing in front of me and I cannot help them.",
        "Please call me right now, I cannot wait.",
        "The deadline for this is tomorrow at noon.",
        "We lose money with every hour that passes.",
        "My work is completely blocked because of this.",
        "If this is not fixed by tonight, our event is off.",
        "I need an answer immediately, it is an emergency.",
    ),
    "normal": (
        "Please let me know what I should do next.",
        "Could you look into it in the next days?",
        "An answer by the end of the week would help me.",
        "I hope you can sort this out.",
        "Please tell me how we go on from here.",
        "Kindly check this and write back to me.",
        "What are the next steps?",
        "I would be glad if someone could deal with it this week.",
        "Please take care of it when you work through your list.",
        "Can you help me with that?",
        "I look forward to your reply.",
        "Please see what you can do.",
    ),
    "low": (
        "There is no hurry at all.",
        "Take your time, it is not important.",
        "You can answer whenever you have a quiet moment.",
        "It can easily wait until next month.",
        "This is only a small thing, so do others first.",
        "I am in no rush.",
        "Any time in the next weeks is fine for me.",
        "I only ask out of curiosity.",
        "It does not disturb me much, so please do not hurry.",
        "We will not need it before the summer.",
        "Feel free to leave this until things are calm.",
        "No need to answer soon.",
    ),
}

# A sentence that would sound odd with a category is not used with it.
UNFIT: dict[str, tuple[str, ...]] = {
    "Our whole team cannot work until this is settled.": ("advice",),
    "Customers are standing in front of me and I cannot help them.": ("advice", "returns"),
    "My work is completely blocked because of this.": ("advice", "returns"),
    "We lose money with every hour that passes.": ("advice",),
    "If this is not fixed by tonight, our event is off.": ("advice",),
    "I only ask out of curiosity.": ("billing", "delivery", "returns", "account", "technical"),
    "We will not need it before the summer.": ("billing", "account"),
}

GREETINGS = ("Hello!", "Hi!", "Good morning!", "Good afternoon!", "Dear team!", "Hello there!", "")
DETAILS = (
    "I have been a customer for {years} years.",
    "I bought from you on {day}.",
    "My wife and I like your shop in {city}.",
    "I have already looked at the help pages.",
    "My colleague {colleague} told me to write to you.",
    "I wrote to you on {day} as well.",
    "I am writing from {city}.",
    "We ordered several things from you this year.",
)
SIGNATURES = (
    "Regards, {name}",
    "Best wishes, {name}",
    "Thank you, {name}",
    "Thanks, {name}",
    "Yours, {name}",
    "Kind regards, {name}",
)
INTRODUCTIONS = ("My name is {name}.", "This is {name}.", "{name} here.", "I am {name}.")

ACTIONS = {
    "billing": "our billing team will check {subject}.",
    "delivery": "our delivery team will trace {subject}.",
    "returns": "our returns team will arrange {subject}.",
    "account": "our account team will look after {subject}.",
    "technical": "our technicians will examine {subject}.",
    "advice": "our shop team will tell you more about {subject}.",
}
PROMISES = {
    "high": "You will hear from us within one hour.",
    "normal": "You will hear from us by tomorrow.",
    "low": "You will hear from us next week.",
}

"""Finds out in the background what the wizard needs to know of a service. Knows no widget.

It opens no connection but to ask a service for its models, once the user has given it a key and chosen it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from tunedesk.dataset.snapshot import Snapshot
from tunedesk.desktop.background import Background, Job
from tunedesk.desktop.cloud.price_desk import PriceDesk
from tunedesk.desktop.cloud.service_desk import ServiceDesk
from tunedesk.desktop.train import cloud_choices, wizard
from tunedesk.desktop.train.cloud_choices import CloudChoices, RowsLook, Service
from tunedesk.desktop.train.cloud_reckoning import chosen_of
from tunedesk.desktop.train.cloud_survey import look_for_service
from tunedesk.desktop.train.survey import SplitSource
from tunedesk.desktop.train.wizard import Choices
from tunedesk.errors import UserError
from tunedesk.plan.billed_tokens import BilledTokens, count_billed
from tunedesk.runs.job import CloudOrder
from tunedesk.runs.requests import named_from, row_counter
from tunedesk.template.chat_template import ChatTemplate
from tunedesk.template.model_folder import ModelFolder

if TYPE_CHECKING:
    from tunedesk.runs.cloud_requests import CloudRequest
    from tunedesk.runs.consent import Consent
    from tunedesk.runs.places.cloud.models import RemoteModel


@dataclass(frozen=True, slots=True)
class CloudStart:
    """What was agreed to, and the run that is made of it."""

    request: CloudRequest
    consent: Consent


Rows = tuple[Sequence[SplitSource], Mapping[str, Snapshot]]


class CloudPreparation(QObject):
    failed = Signal(Exception)

    def __init__(
        self,
        background: Background,
        services: ServiceDesk,
        prices: PriceDesk,
        runs_dir: Path,
        choices: Callable[[], Choices],
        change: Callable[[Choices], None],
        rows: Callable[[], Rows],
        local_models: Callable[[], Sequence[ModelFolder]],
        parent: QObject,
    ) -> None:
        """rows: those that the wizard has looked at, with where they come from."""
        super().__init__(parent)
        self._background = background
        self._services = services
        self._prices = prices
        self._runs_dir = runs_dir
        self._choices, self._put, self._rows = choices, change, rows
        self._local_models = local_models
        self._looking: Job | None = None
        self._counting: Job | None = None
        self._asking: Job | None = None
        self._consenting: Job | None = None
        self._counted: Hashable = None  # what the tokens that are known or being counted are of
        services.changed.connect(self._take_services)
        services.key_given.connect(self._key_given)
        prices.changed.connect(self._take_prices)

    def look(self) -> None:
        """Find out what services and prices there are, unless that is known."""
        if self._services.known is None:
            self._services.look()
        else:
            self._take_services()
        if self._prices.table is None:
            self._prices.look()
        elif self._choices().prices is None:
            self._take_prices()

    def choose_place(self, name: str) -> None:
        """The account of this name; "" is this computer."""
        known = self._services.service(name) if name else None
        service = Service(known.account, known.provider) if known and known.provider else None
        before = self._choices()
        if service is not None and before.cloud is not None and before.cloud.service == service:
            return
        self._cancel()
        self._put(wizard.with_place(before, service))
        if service is None or known is None:
            return
        model = before.last_models.get(name, cloud_choices.usual_model(service))
        self._change(has_key=known.has_key, model=model)
        self._ask_for_models()
        self._look()

    def choose_model(self, model: str) -> None:
        cloud = self._choices().cloud
        if cloud is not None and model.strip() != cloud.model:
            self._change(model=model.strip(), tokens=None)
            self._put(_remembering(self._choices()))
            self._look()

    def set(self, name: str, text: str) -> None:
        cloud = self._choices().cloud
        if cloud is not None:
            self._change(own={**cloud.own, name: text})

    def reset(self, name: str) -> None:
        cloud = self._choices().cloud
        if cloud is not None:
            self._change(own={other: text for other, text in cloud.own.items() if other != name})

    def reset_all(self) -> None:
        self._change(own={})

    def set_delete_files(self, wanted: bool) -> None:
        self._change(delete_files=wanted)

    def set_expiry(self, days: int) -> None:
        self._change(expires_days=days)

    def set_traffic(self, tokens: int) -> None:
        """How many tokens a month the tuned model will be used for."""
        self._put(replace(self._choices(), monthly_tokens=tokens))

    def agree(self, agreed: bool) -> None:
        self._put(wizard.with_cloud(self._choices(), agreed=agreed))

    def accept_old_price(self, accepted: bool) -> None:
        self._put(wizard.with_cloud(self._choices(), accepts_old_price=accepted))

    def rows_changed(self) -> None:
        """Other rows were looked at, or they shall teach otherwise."""
        if self._choices().cloud is not None:
            self._change(look=None, tokens=None)
            self._look()

    def ask_again_for_models(self) -> None:
        self._ask_for_models()

    def make_consent(self) -> None:
        """Put together what would be sent, unless that is known or under way."""
        choices = self._choices()
        cloud = choices.cloud
        order = order_of(choices)
        if cloud is None or cloud.look is None or order is None or self._consenting is not None:
            return
        if cloud.consent is not None or cloud.consent_trouble or choices.prices is None:
            return
        look, table, method = cloud.look, choices.prices, choices.method
        names = {source.role: source.path.name for source in self._rows()[0]}
        shutdown = chosen_of(cloud).shutdown_date
        unlisted = tuple(filter(None, (cloud_choices.unlisted(cloud),)))
        copy = self._local_copy(cloud.model)

        def work(job: Job) -> Consent | None:
            from tunedesk.runs.consent import make_consent

            return make_consent(
                order,
                method,
                look.train.rows,
                look.valid.rows if look.valid else (),
                source=names["train"],
                valid_source=names.get("valid", ""),
                table=table,
                counter=row_counter(method, ChatTemplate.load(copy)) if copy else None,
                shutdown_date=shutdown,
                report=job.report,
                cancelled=job.is_cancelled,
            )

        def then(consent: Consent | None) -> None:
            self._consenting = None
            if consent is not None:
                warnings = (*unlisted, *consent.warnings)
                self._change(consent=replace(consent, warnings=warnings))

        def trouble(error: Exception) -> None:
            self._consenting = None
            self.failed.emit(error)
            words = error.sentence if isinstance(error, UserError) else "It could not be put together."
            self._change(consent_trouble=words)

        def stopped() -> None:
            if self._consenting is job:
                self._consenting = None
                self._change(consent_trouble="It was cancelled. Go back and on again to put it together.")

        self._consenting = job = self._background.run(
            work, then, trouble, stopped=stopped, owner=self, label="Putting together what would be sent"
        )

    def make_request(self) -> CloudStart | None:
        """What was agreed to, ready to be written and sent; None: nothing is."""
        choices = self._choices()
        cloud = choices.cloud
        if cloud is None or cloud.consent is None or cloud.look is None or not wizard.may_start(choices):
            return None
        from tunedesk.runs.cloud_requests import CloudRequest

        sources, snapshots = self._rows()
        by_role = {source.role: source for source in sources}
        train, valid = by_role["train"], by_role.get("valid")
        request = CloudRequest(
            runs_dir=self._runs_dir,
            dataset=train.path,
            train=cloud.look.train.rows,
            order=cloud.consent.order,
            method="dpo" if choices.method == "dpo" else "sft",
            valid=cloud.look.valid.rows if cloud.look.valid else (),
            valid_source=named_from(train.path, valid.path) if valid and cloud.look.valid else "",
            document_version=snapshots["train"].version,
            modified=train.is_modified,
            local_model=self._local_copy(cloud.model),
        )
        return CloudStart(request, cloud.consent)

    def _local_copy(self, model: str) -> Path | None:
        """The folder of the same base model on this computer, going by its name."""
        wanted = model.rpartition("/")[2].casefold()
        for found in self._local_models():
            if wanted in (found.name.casefold(), found.path.name.casefold()):
                return found.path
        return None

    def _change(self, **changes: Any) -> None:
        """What was put together for consent is of other choices then."""
        if self._consenting is not None:
            self._background.cancel(self._consenting)
            self._consenting = None
        cleared: dict[str, Any] = {"consent": None, "consent_trouble": "", "agreed": False}
        self._put(wizard.with_cloud(self._choices(), **{**cleared, **changes}))

    def _cancel(self) -> None:
        for job in (self._looking, self._counting, self._asking, self._consenting):
            if job is not None:
                self._background.cancel(job)
        self._looking = self._counting = self._asking = self._consenting = self._counted = None

    def _take_services(self) -> None:
        known = self._services.known
        if known is None:
            return
        usable = tuple(
            Service(one.account, one.provider) for one in known.services if one.provider is not None
        )
        choices = replace(self._choices(), services=usable)
        cloud = choices.cloud
        self._put(choices)
        if cloud is None:
            return
        now = self._services.service(cloud.name)
        if now is None or Service(now.account, now.provider) != cloud.service:  # type: ignore[arg-type]
            self.choose_place(now.name if now is not None and now.provider is not None else "")
        elif now.has_key != cloud.has_key:
            self._change(has_key=now.has_key)

    def _key_given(self, name: str) -> None:
        cloud = self._choices().cloud
        if cloud is not None and cloud.name == name:
            self._ask_for_models()

    def _ask_for_models(self) -> None:
        cloud = self._choices().cloud
        if cloud is None or (cloud.service.account.auth == "key" and not cloud.has_key):
            return
        service = cloud.service
        if self._asking is not None:
            self._background.cancel(self._asking)
        self._put(wizard.with_cloud(self._choices(), models=None, models_trouble=""))

        def work(job: Job) -> tuple[RemoteModel, ...]:
            from tunedesk.runs.places.cloud.models import list_models

            key = self._services.key_of(service.account)
            return list_models(service.account, service.provider, key)

        def then(models: tuple[RemoteModel, ...]) -> None:
            self._asking = None
            self._put(wizard.with_cloud(self._choices(), models=models))
            self._choose_only_model()

        def trouble(error: Exception) -> None:
            self._asking = None
            if not isinstance(error, UserError):
                self.failed.emit(error)
            words = error.sentence if isinstance(error, UserError) else "Its models could not be listed."
            self._put(wizard.with_cloud(self._choices(), models_trouble=words))

        def stopped() -> None:
            words = "It was not asked to the end for its models."
            if self._asking is job:
                self._asking = None
                self._put(wizard.with_cloud(self._choices(), models_trouble=words))

        self._asking = job = self._background.run(
            work, then, trouble, stopped=stopped, owner=self, label=f"Asking {cloud.name} for its models"
        )

    def _choose_only_model(self) -> None:
        cloud = self._choices().cloud
        if cloud is not None and not cloud.model:
            found = cloud_choices.candidates(cloud)
            if len(found) == 1:
                self.choose_model(found[0])

    def _look(self) -> None:
        """Write and check the rows for the service, unless they are being looked at by the wizard itself."""
        choices = self._choices()
        cloud = choices.cloud
        sources, snapshots = self._rows()
        if cloud is None or "train" not in snapshots:
            return
        target = cloud_choices.target_of(cloud.service.provider, choices.method)
        if target is None:
            return
        if self._looking is not None:
            self._background.cancel(self._looking)
        service, model = cloud.service, cloud.model

        def work(job: Job) -> RowsLook | None:
            return look_for_service(sources, snapshots, target, model, job.report, job.is_cancelled)

        def then(look: RowsLook | None) -> None:
            self._looking = None
            now = self._choices().cloud
            if look is not None and now is not None and (now.service, now.model) == (service, model):
                self._change(look=look)
                self._count(now, look)

        def trouble(error: Exception) -> None:
            self._looking = None
            self.failed.emit(error)

        self._looking = self._background.run(
            work, then, trouble, owner=self, label=f"Writing the rows for {cloud.name}", can_cancel=False
        )

    def _count(self, cloud: CloudChoices, look: RowsLook) -> None:
        """Count the tokens that the service will bill, for its model's tokenizer where that is known."""
        rows, model = look.train.rows, cloud.model
        wanted = (cloud.service, model, id(look))
        if not model or not rows or wanted == self._counted:
            return
        if self._counting is not None:
            self._background.cancel(self._counting)
        self._counted = wanted

        copy, method = self._local_copy(model), self._choices().method

        def work(job: Job) -> BilledTokens | None:
            counter = row_counter(method, ChatTemplate.load(copy)) if copy else None
            return count_billed(rows, model, counter, cancelled=job.is_cancelled)

        def then(tokens: BilledTokens | None) -> None:
            self._counting = None
            if tokens is not None and wanted == self._counted:
                self._change(tokens=tokens)

        def trouble(error: Exception) -> None:
            self._counting = self._counted = None
            self.failed.emit(error)

        self._counting = self._background.run(
            work, then, trouble, owner=self, label="Counting what will be billed", can_cancel=False
        )

    def _take_prices(self) -> None:
        """What was put together for consent named the prices of then."""
        self._put(replace(self._choices(), prices=self._prices.table))
        if self._choices().cloud is not None:
            self._change()


def _remembering(choices: Choices) -> Choices:
    """The model is offered again when its service is chosen again."""
    cloud = choices.cloud
    if cloud is None:
        return choices
    return replace(choices, last_models={**choices.last_models, cloud.name: cloud.model})


def order_of(choices: Choices) -> CloudOrder | None:
    """What the service will be asked for, without a price yet; None: something is missing."""
    cloud = choices.cloud
    if cloud is None:
        return None
    account, provider = cloud.service.account, cloud.service.provider
    settings = cloud_choices.settings_of(cloud, choices.method)
    target = cloud_choices.target_of(provider, choices.method)
    if settings is None or target is None or not cloud.model:
        return None
    expires = provider.files_expire and cloud.expires_days
    return CloudOrder(
        account=account,
        provider=provider,
        model=cloud.model,
        target=target,
        settings=settings,
        delete_files=cloud.delete_files and provider.can_delete_files,
        expires_seconds=cloud.expires_days * cloud_choices.SECONDS_A_DAY if expires else None,
    )

"""The routes of models: what there is to talk to and to tune, and how a tuned one is deleted."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from tunedesk.serve.access import user_of
from tunedesk.serve.api_error import ApiError
from tunedesk.serve.catalogue import Catalogue, ServedModel, find_model
from tunedesk.serve.keeping import Keeping
from tunedesk.serve.refusals import ANSWERS
from tunedesk.serve.schemas import Deleted

User = Annotated[str, Depends(user_of)]


class ModelObject(BaseModel):
    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: str


class ModelList(BaseModel):
    object: Literal["list"] = "list"
    data: list[ModelObject]


def models_router(catalogue: Catalogue, keeping: Keeping) -> APIRouter:
    router = APIRouter(prefix="/v1/models", tags=["models"], responses=ANSWERS)

    @router.get("")
    def list_models(user: User) -> ModelList:
        return ModelList(data=[model_object(each) for each in catalogue.models(user)])

    @router.get("/{model_id:path}")
    def retrieve_model(user: User, model_id: str) -> ModelObject:
        found = find_model(catalogue, user, model_id)
        if found is None:
            message = f"The model '{model_id[:256]}' does not exist"
            raise ApiError(404, message, param="model", code="model_not_found")
        return model_object(found)

    @router.delete("/{model_id:path}")
    def delete_model(user: User, model_id: str) -> Deleted:
        """A tuned model of one's own; its checkpoints and all that is kept of its training go with it."""
        keeping.delete_model(user, model_id)
        return Deleted(id=model_id, object="model")

    return router


def model_object(model: ServedModel) -> ModelObject:
    return ModelObject(id=model.id, created=model.created, owned_by=model.owned_by)

"""What a score was made from, in names instead of rows, as JSON shows it."""

from typing import Any

import orjson

from recommendations.engine.explain import Breakdown, Drop, Term
from recommendations.engine.recents import Step
from recommendations.engine.sequence import Lead
from recommendations.index.index import Index

_DECIMALS = 6


def evidence_of(index: Index, breakdown: Breakdown) -> dict[str, Any]:
    """Return the terms of a score; their contributions add up to it."""
    return {"terms": [_term(index, term) for term in breakdown.terms]}


def drop_of(index: Index, drop: Drop) -> dict[str, Any]:
    """Return why a product is not in a list."""
    shown = None if drop.shown_row is None else int(index.catalogue.vocabulary.product_ids[drop.shown_row])
    return {"stage": drop.stage, "rule": drop.rule, "shown_product_id": shown, "score_to_beat": drop.to_beat}


def name_of(index: Index, row: int) -> str:
    name: str = orjson.loads(index.card(row))["name"]
    return name


def _term(index: Index, term: Term) -> dict[str, Any]:
    body: dict[str, Any] = {
        "term": term.name,
        "weight": round(term.weight, _DECIMALS),
        "value": round(term.value, _DECIMALS),
        "contribution": term.contribution,
    }
    if term.parts:
        body["parts"] = [_term(index, part) for part in term.parts]
    if term.facts:
        facts = {name: fact for name, fact in term.facts.items() if fact is not None}
        body["facts"] = {name: round(fact, _DECIMALS) for name, fact in facts.items()}
    if term.shared:
        words = index.artifact.arrays["terms"]
        body["shared"] = [
            {"text": str(words[shared.term]), "contribution": shared.contribution} for shared in term.shared
        ]
    if term.steps:
        body["because"] = [_step(index, step) for step in term.steps]
    if term.leads:
        body["lists"] = [_lead(index, lead) for lead in term.leads]
    return body


def _step(index: Index, step: Step) -> dict[str, Any]:
    return {
        "product_id": int(index.catalogue.vocabulary.product_ids[step.row]),
        "name": name_of(index, step.row),
        "position": step.position,
        "cosine": round(step.cosine, _DECIMALS),
        "value": round(step.worth, _DECIMALS),
    }


def _lead(index: Index, lead: Lead) -> dict[str, Any]:
    return {
        "product_id": int(index.catalogue.vocabulary.product_ids[lead.row]),
        "name": name_of(index, lead.row),
        "position": lead.position,
        "times": lead.times,
        "share": round(lead.value, _DECIMALS),
        "value": round(lead.worth, _DECIMALS),
    }

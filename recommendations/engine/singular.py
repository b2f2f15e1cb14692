"""English plurals brought to their singular, so that "Jackets" the category meets "jacket" the word.

Harman's S-stemmer ("How effective is suffixing?", JASIS 1991), with the plurals in -sses, -xes, -ches, -shes and -zzes
added. It is gentle on purpose: a stemmer that cuts deeper makes a "planter" of every "plant".
"""

_ES_AFTER = ("sses", "xes", "ches", "shes", "zzes")


def singular(term: str) -> str:
    """Return ``term``, which is in lower case, without its plural ending."""
    if len(term) <= 3:  # noqa: PLR2004  gas, bus, kids' sizes
        return term
    if term.endswith("ies") and not term.endswith(("eies", "aies")):
        return term[:-3] + "y"
    if term.endswith(_ES_AFTER):
        return term[:-2]
    if term.endswith("s") and not term.endswith(("us", "ss")):
        return term[:-1]
    return term

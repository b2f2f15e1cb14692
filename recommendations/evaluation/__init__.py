"""How good are the lists: any catalogue, any log of interactions, no server. docs/evaluation.md has the definitions."""

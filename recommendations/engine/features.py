"""Text to vectors: TF-IDF over several fields, each with its own weight."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer

from recommendations.engine.feature_parameters import FeatureParameters
from recommendations.engine.singular import singular


@dataclass(frozen=True, slots=True)
class Features:
    """``vectors``: float32 CSR, shape ``(n_documents, n_terms)``, rows of length 1 (or 0 for an empty text)."""

    vectors: sparse.csr_matrix
    terms: NDArray[np.str_]
    idf: NDArray[np.float32]


def extract_features(fields: Mapping[str, Sequence[str]], parameters: FeatureParameters) -> Features:
    """Return unit TF-IDF vectors of documents given as one sequence of texts per field.

    Within a field the term frequency is sublinear, 1 + ln(count); fields are then added by weight. idf is smooth:
    ln((1 + n) / (1 + df)) + 1, with df counted over whole documents (Salton & Buckley 1988, as in scikit-learn).
    """
    weights = {name: weight for name, weight in parameters.field_weights.items() if weight > 0 and name in fields}
    vectorizer = _vectorizer(parameters)
    documents = [" ".join(document) for document in zip(*(fields[name] for name in weights), strict=True)]
    try:
        vectorizer.fit(documents)
    except ValueError:  # scikit-learn's word for "not one term in all these texts"
        return _no_features(max(map(len, fields.values()), default=0))
    terms, merge = _merge_plurals(vectorizer.get_feature_names_out())
    weighted: list[Any] = [
        weight * _sublinear(vectorizer.transform(fields[name]) @ merge) for name, weight in weights.items()
    ]
    frequencies = sum(weighted)
    transformer = TfidfTransformer(norm="l2").fit(frequencies)
    vectors = transformer.transform(frequencies).astype(np.float32)
    vectors.sort_indices()
    return Features(vectors, terms, transformer.idf_.astype(np.float32))


class FixedFeatures:
    """The vectors that :func:`extract_features` would give, for texts that were written after it: idf stays as it was.

    Terms that no document had then are passed over, and the frequency of the others does not move.
    """

    def __init__(self, terms: NDArray[np.str_], idf: NDArray[np.float32], parameters: FeatureParameters) -> None:
        self._columns = {term: column for column, term in enumerate(terms.tolist())}
        self._idf = idf
        self._weights = {name: weight for name, weight in parameters.field_weights.items() if weight > 0}
        self._words = _vectorizer(parameters).build_analyzer()

    def vector(self, fields: Mapping[str, str]) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Return the terms of one document, ascending, and their weights: of length 1 together, or none."""
        weights: dict[int, float] = {}
        for name, field_weight in self._weights.items():
            counts = Counter(self._columns.get(singular(word), -1) for word in self._words(fields[name]))
            for column, count in counts.items():
                weights[column] = weights.get(column, 0.0) + field_weight * (1 + log(count))
        columns = np.array(sorted(weights.keys() - {-1}), dtype=np.int32)
        vector = np.array([weights[column] for column in columns.tolist()]) * self._idf[columns]
        return columns, (vector / (np.linalg.norm(vector) or 1.0)).astype(np.float32)


def _vectorizer(parameters: FeatureParameters) -> CountVectorizer:
    return CountVectorizer(
        stop_words="english",
        strip_accents="unicode",
        token_pattern=rf"(?u)\b\w{{{parameters.min_term_length},{parameters.max_term_length}}}\b",
        dtype=np.float32,
    )


def _merge_plurals(words: NDArray[np.object_]) -> tuple[NDArray[np.str_], sparse.csr_matrix]:
    """Return the terms, and the matrix that adds up the columns of ``words`` that are one term."""
    terms, columns = np.unique([singular(word) for word in words], return_inverse=True)
    ones = np.ones(len(words), dtype=np.float32)
    return terms, sparse.csr_matrix((ones, (np.arange(len(words)), columns)), shape=(len(words), len(terms)))


def _sublinear(counts: sparse.csr_matrix) -> sparse.csr_matrix:
    counts.data = 1 + np.log(counts.data)
    return counts


def _no_features(n_documents: int) -> Features:
    empty = sparse.csr_matrix(np.zeros((n_documents, 0), dtype=np.float32))
    return Features(empty, np.empty(0, dtype=np.str_), np.empty(0, dtype=np.float32))

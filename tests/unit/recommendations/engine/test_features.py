import numpy as np
import pytest

from recommendations.engine.feature_parameters import FeatureParameters
from recommendations.engine.features import extract_features


def features_of(*texts):
    return extract_features({"description": texts}, FeatureParameters(field_weights={"description": 1.0}))


def raw(features):
    """The vectors before idf and length: proportional to the weighted term frequencies, by term."""
    rows = features.vectors.toarray() / features.idf
    return [dict(zip(features.terms.tolist(), row, strict=True)) for row in rows]


def test_vectors_have_length_one():
    vectors = features_of("copper kettle", "kettle", "steel pan for eggs").vectors
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors.toarray(), axis=1) == pytest.approx([1, 1, 1])


def test_a_term_counts_sublinearly():
    (document,) = raw(features_of("kettle kettle kettle pan"))
    assert document["kettle"] / document["pan"] == pytest.approx(1 + np.log(3))


def test_a_field_counts_by_its_weight():
    parameters = FeatureParameters(field_weights={"name": 3.0, "description": 1.0})
    (document,) = raw(extract_features({"name": ["kettle"], "description": ["pan"]}, parameters))
    assert document["kettle"] / document["pan"] == pytest.approx(3)


def test_a_field_of_weight_zero_is_left_out():
    parameters = FeatureParameters(field_weights={"name": 1.0, "description": 0.0})
    found = extract_features({"name": ["kettle"], "description": ["pan"]}, parameters)
    assert found.terms.tolist() == ["kettle"]


def test_without_any_field_every_document_is_empty():
    found = extract_features({"name": ["kettle", "pan"]}, FeatureParameters(field_weights={"name": 0.0}))
    assert found.vectors.shape == (2, 0)


def test_a_rare_term_outweighs_a_common_one():
    found = features_of("kettle copper", "kettle steel", "kettle glass")
    idf = dict(zip(found.terms.tolist(), found.idf.tolist(), strict=True))
    assert idf["kettle"] == pytest.approx(1.0)
    assert idf["copper"] == pytest.approx(np.log(4 / 2) + 1)


def test_a_term_in_two_fields_of_one_document_is_one_document():
    parameters = FeatureParameters(field_weights={"name": 1.0, "description": 1.0})
    found = extract_features({"name": ["kettle", "pan"], "description": ["kettle", "pan"]}, parameters)
    assert found.idf == pytest.approx(np.log(3 / 2) + 1)


def test_accents_and_case_do_not_tell_words_apart():
    assert features_of("Crème BRÛLÉE", "creme brulee").terms.tolist() == ["brulee", "creme"]


def test_stop_words_are_left_out():
    assert features_of("the kettle of the house").terms.tolist() == ["house", "kettle"]


def test_an_empty_text_has_an_empty_vector():
    assert features_of("kettle", "", "the of").vectors.getnnz(axis=1).tolist() == [1, 0, 0]


@pytest.mark.parametrize("texts", [["the", "of and", ""], ["", ""], []])
def test_texts_without_one_word_are_no_error(texts):
    found = features_of(*texts)
    assert found.vectors.shape == (len(texts), 0)
    assert len(found.terms) == len(found.idf) == 0


def test_a_run_of_letters_that_is_no_word_is_left_out():
    # Terms are kept in an array as wide as its longest: one such run would cost that of every term.
    assert features_of("kettle " + "x" * 5000).terms.tolist() == ["kettle"]


def test_a_plural_counts_as_its_singular():
    (document,) = raw(features_of("jacket Jackets pan"))
    assert sorted(document) == ["jacket", "pan"]
    assert document["jacket"] / document["pan"] == pytest.approx(1 + np.log(2))

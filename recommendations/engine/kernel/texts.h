/* Texts of groups, and the cosine of one with the page's. */
#ifndef TEXTS_H
#define TEXTS_H

#include "shop.h"

static double *dense; /* by term: the text of the page's product; zeros between two calls */
static int64_t dense_size;

/* The text of a group: terms that ascend, and their weights. */
typedef struct {
    int64_t start, end;
    const int32_t *terms;
    const int64_t *fresh_terms;
    const float *values;
} Text;

static Text text_of(const Shop *shop, int64_t group)
{
    int64_t place = shop->fresh != NULL ? shop->fresh[group] : -1;
    if (place >= 0)
        return (Text){shop->fresh_starts[place], shop->fresh_starts[place + 1], NULL, shop->fresh_terms,
                      shop->fresh_values};
    return (Text){shop->text_starts[group], shop->text_starts[group + 1], shop->terms, NULL, shop->values};
}

static int64_t term_at(const Text *text, int64_t at)
{
    return text->fresh_terms != NULL ? text->fresh_terms[at] : text->terms[at];
}

/* Spread the text of a group over its terms, or take it away again; or multiply by what is spread there. */
enum { SPREAD, TAKE_AWAY, MULTIPLY };
static int with_text(const Shop *shop, int64_t group, int what, double *product)
{
    Text text = text_of(shop, group);
    double sum = 0.0;
    for (int64_t at = text.start; at < text.end; at++) {
        int64_t term = term_at(&text, at);
        if (term < 0 || term >= shop->n_terms)
            return 0;
        if (what == MULTIPLY)
            sum += dense[term] * text.values[at];
        else
            dense[term] = what == SPREAD ? text.values[at] : 0.0;
    }
    if (product != NULL)
        *product = sum < 0.0 ? 0.0 : sum > 1.0 ? 1.0 : sum;
    return 1;
}

#endif

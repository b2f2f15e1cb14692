/* What is asked, of which shop, and what is found: the words that ranking.py shares, and those of one call. */
#ifndef SHOP_H
#define SHOP_H

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#define UNITS 1e6 /* scores are ordered as whole millionths, as in ladder.py */
#define SLACK (2 / UNITS)
#define BROKEN (-1) /* a group or a term that the catalogue does not have */
#define NO_MEMORY (-2)
#define MAX_RECENT 64 /* of which each has a bit in Said */

/* Arrays of one shop, by product, by variant group, by category and by term; see catalogue.py and similarity.py. */
typedef struct {
    int64_t n_groups, n_terms;
    const int64_t *product_ids;
    const int32_t *groups, *categories;
    const uint8_t *is_active, *on_sale;
    const double *prices, *ratings, *hours;
    const int64_t *group_starts;
    const int32_t *group_rows;
    const double *group_hours; /* that none of a group's variants exceeds */
    const double *peaks;
    const int64_t *text_starts;
    const int32_t *terms;
    const float *values;
    const int32_t *fresh; /* by group: its place among the texts that replace the built ones, or -1; NULL: no such */
    const int64_t *fresh_starts, *fresh_terms;
    const float *fresh_values;
} Shop;

/* What is asked, in numbers. All have eight bytes, so that both sides agree on where they are. */
typedef struct {
    int64_t group, limit, in_stock_only;
    int64_t n_near, n_followers, n_shared, n_hot, n_left_out, n_recent;
    double min_price, max_price; /* minus and plus infinity where none is asked for */
    double content, clicks, rating, sequence, recent, preference; /* what each signal weighs */
    double best_rating, best_preference;                          /* that no product's exceeds */
    double least_peak, least_nearest, variant_floor, hot_share;
} Question;

/* Who is considered, and who is not. */
typedef struct {
    const int32_t *near; /* the groups that read most alike, nearest first, and their cosines; -1 ends them early */
    const float *near_cosines;
    const int64_t *followers; /* the groups that the lists lead to besides, and their cosines */
    const double *follower_cosines;
    const double *listed;       /* what the lists say of the near, then of the followers, in [0, 1]; NULL: nothing */
    const int64_t *shared_rows; /* of groups of several, the variants that followed, ascending, and their shares */
    const double *shares;
    const int32_t *hot;       /* rows, any of which may be of a group met before */
    const int64_t *left_out;  /* groups */
    const uint8_t *is_wanted; /* by category; NULL: all are */
    const int64_t *recent;    /* the groups a shopper met lately, newest first, and what is left of their cosines */
    const double *left;
    const int64_t *recent_counts; /* how long the list of neighbours of each is, and these end to end, as `near` */
    const int32_t *recent_near;
    const float *recent_cosines;
    const double *preferences; /* by category */
} Known;

/* Why a product is shown, in the order of CODES in one_pass.py. */
enum { TRENDING, SIMILAR, BEHAVIOUR, PREFERENCE, LISTED };

typedef struct {
    int64_t row, group, product_id, reason, led_by; /* led_by: which of the recent groups says most, or -1 */
    double units, total, content, listed, clicks, recent, preference;
} Place;

/* One call. */
typedef struct {
    const Shop *shop;
    const Question *asked;
    const Known *known;
    Place *places; /* the best so far, in order */
    int64_t n_places;
    double to_beat; /* what a score must reach to have a place yet */
    int is_spread, is_broken; /* whether the texts of the recent groups are spread; whether a text is broken */
    double outside[MAX_RECENT]; /* what each recent group can say of those that its list does not have */
} List;

/* Return at least as many zeros as wanted; NULL without the memory for them, and the old ones are gone. */
static void *zeros(void *old, int64_t *size, int64_t wanted, size_t width)
{
    if (*size >= wanted)
        return old;
    free(old);
    void *grown = calloc((size_t)wanted, width);
    *size = grown == NULL ? 0 : wanted;
    return grown;
}

#endif

/* The first rung of a product's page in one pass over its candidates.
 *
 * The same numbers as product_page.py makes of whole arrays, which is what this is tested against. Nothing here
 * allocates but two scratch areas of the process, and nothing gives the interpreter away: who calls holds its lock, so
 * that live values do not change half-way and the scratch is never shared.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define UNITS 1e6 /* scores are ordered as whole millionths, as in ladder.py */
#define SLACK (2 / UNITS)
#define BROKEN (-1) /* a group or a term that the catalogue does not have */
#define NO_MEMORY (-2)

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
    int64_t n_near, n_followers, n_shared, n_hot, n_left_out;
    double min_price, max_price;              /* minus and plus infinity where none is asked for */
    double content, clicks, rating, sequence; /* what each signal weighs */
    double best_rating; /* that no product's exceeds */
    double least_peak, least_nearest, variant_floor;
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
} Known;

typedef struct {
    int64_t row, group, product_id;
    double units, total, content, listed, clicks;
} Place;

typedef struct {
    const Shop *shop;
    const Question *asked;
    const Known *known;
    Place *places; /* the best so far, in order */
    int64_t n_places;
    double to_beat; /* what a score must reach to have a place yet */
    int64_t n_scored;
} List;

static uint8_t *met;  /* by group: whether it was considered; zeros between two calls */
static double *dense; /* by term: the text of the page's product; zeros between two calls */
static int64_t met_size, dense_size;

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

static int may_stand(const List *list, int32_t row)
{
    const Shop *shop = list->shop;
    const Question *asked = list->asked;
    const uint8_t *is_wanted = list->known->is_wanted;
    if (!(asked->in_stock_only ? shop->on_sale : shop->is_active)[row])
        return 0;
    if (is_wanted != NULL && !is_wanted[shop->categories[row]])
        return 0;
    if (asked->min_price > -INFINITY && !(shop->prices[row] >= asked->min_price)) /* an unknown price is in no range */
        return 0;
    return !(asked->max_price < INFINITY) || shop->prices[row] <= asked->max_price;
}

/* Decayed clicks over the category's peak, in [0, 1]. */
static double clicks_of(const Shop *shop, const Question *asked, int32_t row)
{
    double hour = shop->hours[row];
    if (hour == -INFINITY)
        return 0.0;
    double peak = shop->peaks[shop->categories[row]];
    if (peak < asked->least_peak)
        peak = asked->least_peak;
    return hour >= peak ? 1.0 : exp(hour - peak);
}

/* What of its group's score a variant has where the lists lead to one of several. */
static double share_of(const List *list, int32_t row)
{
    const int64_t *rows = list->known->shared_rows;
    int64_t low = 0, high = list->asked->n_shared;
    while (low < high) {
        int64_t middle = (low + high) / 2;
        if (rows[middle] < row)
            low = middle + 1;
        else
            high = middle;
    }
    int is_there = low < list->asked->n_shared && rows[low] == row;
    return is_there ? list->known->shares[low] : list->asked->variant_floor;
}

static int is_before(const Place *one, const Place *other)
{
    return one->units > other->units || (one->units == other->units && one->product_id < other->product_id);
}

/* Give the best variant of a group its place among the best, if it has one. */
static void insert(List *list, const Place *found)
{
    int64_t limit = list->asked->limit, at = list->n_places;
    if (at == limit) {
        if (!is_before(found, &list->places[limit - 1]))
            return;
        at--;
    } else {
        list->n_places++;
    }
    for (; at > 0 && is_before(found, &list->places[at - 1]); at--)
        list->places[at] = list->places[at - 1];
    list->places[at] = *found;
    if (list->n_places == limit)
        list->to_beat = list->places[limit - 1].units / UNITS - SLACK;
}

/* What clicks and rating add to the score of a group's best variant at most. */
static double most_trend(const List *list, int64_t group)
{
    const Question *asked = list->asked;
    double hour = list->shop->group_hours[group], most = asked->rating * asked->best_rating;
    if (hour > -INFINITY)
        most += asked->clicks * (hour >= asked->least_peak ? 1.0 : exp(hour - asked->least_peak));
    return most;
}

/* Score the variants of a group; `content` and `said`: its cosine's share of the score, and what the lists say. */
static void add_group(List *list, int64_t group, double content, double said)
{
    const Shop *shop = list->shop;
    const Question *asked = list->asked;
    double known = content + asked->sequence * said;
    /* First without a look at the group: what lies far apart in memory takes longer to fetch than to add up. */
    if (known + asked->clicks + asked->rating * asked->best_rating < list->to_beat)
        return;
    if (known + most_trend(list, group) < list->to_beat)
        return;
    int64_t start = shop->group_starts[group], end = shop->group_starts[group + 1];
    int is_shared = said > 0.0 && end - start > 1;
    Place best = {.units = -1.0};
    for (int64_t at = start; at < end; at++) {
        int32_t row = shop->group_rows[at];
        if (!may_stand(list, row))
            continue;
        double listed = asked->sequence * (is_shared ? said * share_of(list, row) : said);
        double rating = asked->rating * shop->ratings[row];
        list->n_scored++;
        if (asked->clicks + rating + content + listed < list->to_beat)
            continue;
        double clicks = clicks_of(shop, asked, row);
        double total = asked->clicks * clicks + rating + content + listed;
        Place found = {row, group, shop->product_ids[row], rint(total * UNITS), total, content, listed, clicks};
        if (is_before(&found, &best))
            best = found;
    }
    if (best.units >= 0.0)
        insert(list, &best);
}

/* Spread the text of a group over its terms, or take it away again; or multiply by what is spread there. */
enum { SPREAD, TAKE_AWAY, MULTIPLY };
static int with_text(const Shop *shop, int64_t group, int what, double *product)
{
    int64_t place = shop->fresh != NULL ? shop->fresh[group] : -1;
    int is_fresh = place >= 0;
    const int64_t *starts = is_fresh ? shop->fresh_starts : shop->text_starts;
    const float *values = is_fresh ? shop->fresh_values : shop->values;
    int64_t end = starts[(is_fresh ? place : group) + 1];
    double sum = 0.0;
    for (int64_t at = starts[is_fresh ? place : group]; at < end; at++) {
        int64_t term = is_fresh ? shop->fresh_terms[at] : shop->terms[at];
        if (term < 0 || term >= shop->n_terms)
            return 0;
        if (what == MULTIPLY)
            sum += dense[term] * values[at];
        else
            dense[term] = what == SPREAD ? values[at] : 0.0;
    }
    if (product != NULL)
        *product = sum < 0.0 ? 0.0 : sum > 1.0 ? 1.0 : sum;
    return 1;
}

static int meet(const Shop *shop, int64_t group)
{
    if (group < 0 || group >= shop->n_groups)
        return BROKEN;
    int is_new = !met[group];
    met[group] = 1;
    return is_new;
}

/* Add what reads alike and what the lists lead to. */
static int add_known(List *list)
{
    const Question *asked = list->asked;
    const Known *known = list->known;
    for (int64_t at = 0; at < asked->n_near; at++) {
        int is_new = meet(list->shop, known->near[at]);
        if (is_new == BROKEN)
            return BROKEN;
        if (is_new)
            add_group(list, known->near[at], asked->content * known->near_cosines[at],
                      known->listed != NULL ? known->listed[at] : 0.0);
    }
    for (int64_t at = 0; at < asked->n_followers; at++) {
        int is_new = meet(list->shop, known->followers[at]);
        if (is_new == BROKEN)
            return BROKEN;
        if (is_new)
            add_group(list, known->followers[at], asked->content * known->follower_cosines[at],
                      known->listed[asked->n_near + at]);
    }
    return 0;
}

/* Add what is hot and reads unlike, as far as it may have a place: no cosine of theirs exceeds `nearest`. */
static int add_hot(List *list, double nearest)
{
    const Shop *shop = list->shop;
    const Question *asked = list->asked;
    int status = 0, is_spread = 0;
    for (int64_t at = 0; at < asked->n_hot && status != BROKEN; at++) {
        int64_t group = shop->groups[list->known->hot[at]];
        if (asked->clicks + asked->rating * asked->best_rating + asked->content * nearest < list->to_beat)
            break;
        status = meet(shop, group);
        if (status != 1)
            continue;
        double cosine = 0.0;
        if (most_trend(list, group) + asked->content * nearest < list->to_beat)
            continue;
        if (asked->content > 0.0) {
            if (!is_spread && !with_text(shop, asked->group, SPREAD, NULL))
                status = BROKEN;
            is_spread = 1;
            if (status != BROKEN && !with_text(shop, group, MULTIPLY, &cosine))
                status = BROKEN;
        }
        if (status != BROKEN)
            add_group(list, group, asked->content * cosine, 0.0);
    }
    if (is_spread)
        with_text(shop, asked->group, TAKE_AWAY, NULL);
    return status == BROKEN ? BROKEN : 0;
}

static void forget(const Shop *shop, int64_t group)
{
    if (group >= 0 && group < shop->n_groups)
        met[group] = 0;
}

/* Fill `places`, of which there is room for `limit`, best first, and count what was scored for them.
 * Return the number of places, or what is wrong. */
int64_t rank(const Shop *shop, const Question *question, const int32_t *near, const float *near_cosines,
             const int64_t *followers, const double *follower_cosines, const double *listed, const int64_t *shared_rows,
             const double *shares, const int32_t *hot, const int64_t *left_out, const uint8_t *is_wanted, Place *places,
             int64_t *n_scored)
{
    Known known = {near, near_cosines, followers, follower_cosines, listed, shared_rows, shares, hot, left_out, is_wanted};
    Question asked = *question;
    List list = {shop, &asked, &known, places, 0, -INFINITY, 0};
    met = zeros(met, &met_size, shop->n_groups, sizeof *met);
    dense = zeros(dense, &dense_size, shop->n_terms, sizeof *dense);
    if ((met == NULL && shop->n_groups) || (dense == NULL && shop->n_terms))
        return NO_MEMORY;
    for (int64_t at = 0; at < asked.n_near; at++)
        if (near[at] < 0)
            asked.n_near = at;
    double nearest = asked.least_nearest;
    if (asked.n_near > 0 && near_cosines[asked.n_near - 1] > nearest)
        nearest = near_cosines[asked.n_near - 1];
    int status = 0;
    for (int64_t at = 0; at < asked.n_left_out; at++)
        if (meet(shop, left_out[at]) == BROKEN)
            status = BROKEN;
    if (status != BROKEN)
        status = add_known(&list);
    if (status != BROKEN)
        status = add_hot(&list, nearest);
    for (int64_t at = 0; at < asked.n_left_out; at++)
        forget(shop, left_out[at]);
    for (int64_t at = 0; at < asked.n_near; at++)
        forget(shop, near[at]);
    for (int64_t at = 0; at < asked.n_followers; at++)
        forget(shop, followers[at]);
    for (int64_t at = 0; at < asked.n_hot; at++)
        forget(shop, shop->groups[hot[at]]);
    *n_scored = list.n_scored;
    return status == BROKEN ? BROKEN : list.n_places;
}

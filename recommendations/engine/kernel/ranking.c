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
#define MAX_RECENT 32

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
    double min_price, max_price;              /* minus and plus infinity where none is asked for */
    double content, clicks, rating, sequence, recent, preference; /* what each signal weighs */
    double best_rating, best_preference; /* that no product's exceeds */
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
    const int64_t *recent;    /* the groups a shopper met lately, newest first, and what is left of their cosines */
    const double *left;
    const int64_t *recent_counts; /* how long the list of neighbours of each is, and these end to end, as `near` */
    const int32_t *recent_near;
    const float *recent_cosines;
    const double *preferences; /* by category */
} Known;

typedef struct {
    int64_t row, group, product_id, led_by; /* led_by: which of the recent groups says most, or -1 */
    double units, total, content, listed, clicks, recent, preference;
} Place;

/* What a shopper's recent groups say of another, as far as their lists tell. */
typedef struct {
    double most;    /* the largest of what is left of their cosines */
    int32_t led_by; /* whose that is, from 1 */
    uint32_t told;  /* the places of those that tell */
} Said;

typedef struct {
    const Shop *shop;
    const Question *asked;
    const Known *known;
    Place *places; /* the best so far, in order */
    int64_t n_places;
    double to_beat; /* what a score must reach to have a place yet */
    int64_t n_scored;
    int is_spread, is_broken; /* whether the texts of the recent groups are; whether a text names no term */
    double outside[MAX_RECENT]; /* what each recent group can say of those that its list does not have */
} List;

static uint8_t *met;  /* by group: whether it was considered; zeros between two calls */
static double *dense; /* by term: the text of the page's product; zeros between two calls */
static Said *said_of; /* by group; zeros between two calls */
static double *recent_dense; /* by term and recent group, as `dense` */
static int64_t met_size, dense_size, said_size, recent_dense_size;

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

/* What the recent groups say of another at most, as far as that is known without a look at its text. */
static double most_recent(const List *list, int64_t group)
{
    double most = said_of[group].most;
    for (int64_t place = 0; place < list->asked->n_recent; place++)
        if (!(said_of[group].told >> place & 1) && list->outside[place] > most)
            most = list->outside[place];
    return most;
}

/* Spread the texts of the recent groups side by side over their terms, or take them away again. */
static void with_recent_texts(List *list, int what)
{
    int64_t n = list->asked->n_recent;
    for (int64_t place = 0; place < n; place++) {
        Text text = text_of(list->shop, list->known->recent[place]);
        for (int64_t at = text.start; at < text.end; at++) {
            int64_t term = term_at(&text, at);
            if (term >= 0 && term < list->shop->n_terms)
                recent_dense[term * n + place] = what == SPREAD ? text.values[at] : 0.0;
            else
                list->is_broken = 1;
        }
    }
    list->is_spread = what == SPREAD;
}

/* What they say, and who says it: the text is looked at where that can say more than the lists do. */
static double recent_of(List *list, int64_t group, int64_t *led_by)
{
    Said said = said_of[group];
    int64_t n = list->asked->n_recent;
    if (most_recent(list, group) > said.most) {
        double cosines[MAX_RECENT] = {0.0};
        Text text = text_of(list->shop, group);
        if (!list->is_spread)
            with_recent_texts(list, SPREAD);
        for (int64_t at = text.start; at < text.end; at++) {
            int64_t term = term_at(&text, at);
            if (term < 0 || term >= list->shop->n_terms) {
                list->is_broken = 1;
                continue;
            }
            const double *weights = recent_dense + term * n;
            for (int64_t place = 0; place < n; place++)
                cosines[place] += weights[place] * text.values[at];
        }
        for (int64_t place = 0; place < n; place++) {
            double worth = list->known->left[place] * fmin(fmax(cosines[place], 0.0), 1.0);
            int is_told = said.told >> place & 1;
            if (!is_told && (worth > said.most || (worth > 0.0 && worth == said.most && place + 1 < said.led_by))) {
                said.most = worth;
                said.led_by = (int32_t)place + 1;
            }
        }
    }
    *led_by = said.led_by - 1;
    return said.most;
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
    double known = content + asked->sequence * said + asked->preference * asked->best_preference;
    if (asked->n_recent)
        known += asked->recent * most_recent(list, group);
    /* First without a look at the group: what lies far apart in memory takes longer to fetch than to add up. */
    if (known + asked->clicks + asked->rating * asked->best_rating < list->to_beat)
        return;
    if (known + most_trend(list, group) < list->to_beat)
        return;
    int64_t start = shop->group_starts[group], end = shop->group_starts[group + 1];
    int is_shared = said > 0.0 && end - start > 1;
    int64_t led_by = -1;
    double recent = asked->n_recent ? asked->recent * recent_of(list, group, &led_by) : 0.0;
    Place best = {.units = -1.0};
    for (int64_t at = start; at < end; at++) {
        int32_t row = shop->group_rows[at];
        if (!may_stand(list, row))
            continue;
        double listed = asked->sequence * (is_shared ? said * share_of(list, row) : said);
        double rating = asked->rating * shop->ratings[row];
        list->n_scored++;
        double preference = 0.0;
        if (list->known->preferences != NULL)
            preference = asked->preference * list->known->preferences[shop->categories[row]];
        if (asked->clicks + rating + content + recent + preference + listed < list->to_beat)
            continue;
        double clicks = clicks_of(shop, asked, row);
        double total = asked->clicks * clicks + rating + content + recent + preference + listed;
        Place found = {row,   group,   shop->product_ids[row], led_by, rint(total * UNITS), total, content,
                       listed, clicks, recent, preference};
        if (is_before(&found, &best))
            best = found;
    }
    if (best.units >= 0.0)
        insert(list, &best);
}

static int meet(const Shop *shop, int64_t group)
{
    if (group < 0 || group >= shop->n_groups)
        return BROKEN;
    int is_new = !met[group];
    met[group] = 1;
    return is_new;
}

/* Whether a look at the text of a group might say more of it than the lists of the recent groups do. */
static int may_be_more(const List *list, int64_t group)
{
    return list->asked->n_recent && most_recent(list, group) > said_of[group].most;
}

/* Add what reads alike and what the lists lead to; of what takes a look at texts only that which may have a place. */
static int add_known(List *list)
{
    const Question *asked = list->asked;
    const Known *known = list->known;
    int64_t n = asked->n_near + asked->n_followers;
    for (int is_last = 0; is_last <= 1; is_last++) {
        for (int64_t at = 0; at < n; at++) {
            int64_t follower = at - asked->n_near, group = follower < 0 ? known->near[at] : known->followers[follower];
            double cosine = follower < 0 ? known->near_cosines[at] : known->follower_cosines[follower];
            if (group < 0 || group >= list->shop->n_groups)
                return BROKEN;
            if (!is_last && may_be_more(list, group))
                continue;
            if (meet(list->shop, group))
                add_group(list, group, asked->content * cosine, known->listed != NULL ? known->listed[at] : 0.0);
        }
        if (!asked->n_recent)
            break;
    }
    return 0;
}

/* Add what is hot and reads unlike, as far as it may have a place: no cosine of theirs exceeds `nearest`. */
static int add_hot(List *list, double nearest)
{
    const Shop *shop = list->shop;
    const Question *asked = list->asked;
    int status = 0, is_spread = 0;
    double most_besides = asked->recent + asked->preference * asked->best_preference;
    for (int64_t at = 0; at < asked->n_hot && status != BROKEN; at++) {
        int64_t group = shop->groups[list->known->hot[at]];
        if (most_besides + asked->clicks + asked->rating * asked->best_rating + asked->content * nearest < list->to_beat)
            break;
        status = meet(shop, group);
        if (status != 1)
            continue;
        double cosine = 0.0;
        double recent = asked->n_recent ? asked->recent * most_recent(list, group) : 0.0;
        double liked = asked->preference * asked->best_preference;
        if (most_trend(list, group) + recent + liked + asked->content * nearest < list->to_beat)
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

/* Take down what the lists of the recent groups say. */
static int listen(List *list)
{
    const Known *known = list->known;
    int64_t first = 0;
    int status = 0;
    for (int64_t place = 0; place < list->asked->n_recent; place++) {
        double nearest = list->asked->least_nearest;
        int64_t own = known->recent[place], end = first + known->recent_counts[place], at = first;
        for (; at < end && known->recent_near[at] >= 0; at++) {
            int64_t group = known->recent_near[at];
            if (group >= list->shop->n_groups) {
                status = BROKEN;
                continue;
            }
            nearest = known->recent_cosines[at];
            double worth = known->left[place] * nearest;
            said_of[group].told |= 1u << place;
            if (worth > said_of[group].most) {
                said_of[group].most = worth;
                said_of[group].led_by = (int32_t)place + 1;
            }
        }
        if (own >= 0 && own < list->shop->n_groups)
            said_of[own].told |= 1u << place; /* that it was looked at says nothing about looking at it again */
        else
            status = BROKEN;
        if (nearest < list->asked->least_nearest)
            nearest = list->asked->least_nearest;
        list->outside[place] = known->left[place] * nearest;
        first = end;
    }
    return status;
}

static void stop_listening(List *list)
{
    const Known *known = list->known;
    static const Said nothing;
    int64_t first = 0;
    if (list->is_spread)
        with_recent_texts(list, TAKE_AWAY);
    for (int64_t place = 0; place < list->asked->n_recent; place++) {
        int64_t end = first + known->recent_counts[place];
        for (int64_t at = first; at < end && known->recent_near[at] >= 0; at++)
            if (known->recent_near[at] < list->shop->n_groups)
                said_of[known->recent_near[at]] = nothing;
        if (known->recent[place] >= 0 && known->recent[place] < list->shop->n_groups)
            said_of[known->recent[place]] = nothing;
        first = end;
    }
}

/* Fill `places`, of which there is room for `limit`, best first, and count what was scored for them.
 * Return the number of places, or what is wrong. */
int64_t rank(const Shop *shop, const Question *question, const int32_t *near, const float *near_cosines,
             const int64_t *followers, const double *follower_cosines, const double *listed, const int64_t *shared_rows,
             const double *shares, const int32_t *hot, const int64_t *left_out, const uint8_t *is_wanted,
             const int64_t *recent, const double *left, const int64_t *recent_counts, const int32_t *recent_near,
             const float *recent_cosines, const double *preferences, Place *places, int64_t *n_scored)
{
    Known known = {near,   near_cosines, followers, follower_cosines, listed,        shared_rows, shares,         hot,
                   left_out, is_wanted,  recent,    left,             recent_counts, recent_near, recent_cosines, preferences};
    Question asked = *question;
    List list = {shop, &asked, &known, places, 0, -INFINITY, 0, 0, 0, {0.0}};
    met = zeros(met, &met_size, shop->n_groups, sizeof *met);
    dense = zeros(dense, &dense_size, shop->n_terms, sizeof *dense);
    said_of = zeros(said_of, &said_size, asked.n_recent ? shop->n_groups : 0, sizeof *said_of);
    recent_dense = zeros(recent_dense, &recent_dense_size, asked.n_recent * shop->n_terms, sizeof *recent_dense);
    if (asked.n_recent > MAX_RECENT)
        return BROKEN;
    if ((asked.n_recent && ((said_of == NULL && shop->n_groups) || (recent_dense == NULL && shop->n_terms))) || (met == NULL && shop->n_groups) || (dense == NULL && shop->n_terms))
        return NO_MEMORY;
    for (int64_t at = 0; at < asked.n_near; at++)
        if (near[at] < 0)
            asked.n_near = at;
    int status = listen(&list);
    double nearest = asked.least_nearest;
    if (asked.n_near > 0 && near_cosines[asked.n_near - 1] > nearest)
        nearest = near_cosines[asked.n_near - 1];
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
    stop_listening(&list);
    *n_scored = list.n_scored;
    return status == BROKEN || list.is_broken ? BROKEN : list.n_places;
}

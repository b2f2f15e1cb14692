/* The scored rung of a page in one pass over its candidates.
 *
 * The same numbers as product_page.py makes of whole arrays, which is what this is tested against. Nothing here
 * allocates but the scratch areas of the process, and nothing gives the interpreter away: who calls holds its lock, so
 * that live values do not change half-way and the scratch is never shared.
 */
#include "recent.h"

static uint8_t *met; /* by group: whether it was considered; zeros between two calls */
static int64_t met_size;
int64_t n_scored; /* products, of all calls together: the work that was done, for who measures it */

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
        n_scored++;
        double preference = 0.0;
        if (list->known->preferences != NULL)
            preference = asked->preference * list->known->preferences[shop->categories[row]];
        if (asked->clicks + rating + content + recent + preference + listed < list->to_beat)
            continue;
        double clicks = clicks_of(shop, asked, row);
        double total = asked->clicks * clicks + rating + content + recent + preference + listed;
        Place found = {row,   group,   shop->product_ids[row], TRENDING, led_by, rint(total * UNITS),
                       total, content, listed,                 clicks,   recent, preference};
        if (is_before(&found, &best))
            best = found;
    }
    if (best.units >= 0.0)
        insert(list, &best);
}

/* As blend.py's `strongest`. */
static int64_t reason_of(const Place *found, double hot_share)
{
    double most = fmax(fmax(found->content, found->recent), fmax(found->preference, found->listed));
    double trend = found->total - found->content - found->recent - found->preference - found->listed;
    if (most <= 0.0 || (trend > most && found->clicks >= hot_share))
        return TRENDING;
    if (found->content == most)
        return SIMILAR;
    if (found->recent == most)
        return BEHAVIOUR;
    return found->preference == most ? PREFERENCE : LISTED;
}

/* Return whether a group was not considered before, and take down that now it is. */
static int meet(const Shop *shop, int64_t group)
{
    if (group < 0 || group >= shop->n_groups)
        return BROKEN;
    int is_new = !met[group];
    met[group] = 1;
    return is_new;
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
        double most = most_besides + asked->clicks + asked->rating * asked->best_rating + asked->content * nearest;
        if (most < list->to_beat)
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

/* The sizes of what both sides know, for who loads this. */
const int64_t layout[] = {sizeof(Shop), sizeof(Question), sizeof(Place)};

/* Return whether there is room for what is marked and spread. */
static int make_room(const Shop *shop, int64_t n_recent)
{
    int64_t n_said = n_recent ? shop->n_groups : 0, n_cells = n_recent * shop->n_terms;
    met = zeros(met, &met_size, shop->n_groups, sizeof *met);
    dense = zeros(dense, &dense_size, shop->n_terms, sizeof *dense);
    said_of = zeros(said_of, &said_size, n_said, sizeof *said_of);
    recent_dense = zeros(recent_dense, &recent_dense_size, n_cells, sizeof *recent_dense);
    return met_size >= shop->n_groups && dense_size >= shop->n_terms && said_size >= n_said &&
           recent_dense_size >= n_cells;
}

/* Fill `places`, of which there is room for `limit`, best first. Return their number, or what is wrong. */
int64_t rank(const Shop *shop, const Question *question, const int32_t *near, const float *near_cosines,
             const int64_t *followers, const double *follower_cosines, const double *listed, const int64_t *shared_rows,
             const double *shares, const int32_t *hot, const int64_t *left_out, const uint8_t *is_wanted,
             const int64_t *recent, const double *left, const int64_t *recent_counts, const int32_t *recent_near,
             const float *recent_cosines, const double *preferences, Place *places)
{
    Known known = {near, near_cosines, followers, follower_cosines, listed, shared_rows, shares, hot, left_out,
                   is_wanted, recent, left, recent_counts, recent_near, recent_cosines, preferences};
    Question asked = *question;
    List list = {shop, &asked, &known, places, 0, -INFINITY, 0, 0, {0.0}};
    if (asked.limit < 1)
        return 0;
    if (asked.n_recent > MAX_RECENT || asked.group >= shop->n_groups)
        return BROKEN;
    if (!make_room(shop, asked.n_recent))
        return NO_MEMORY;
    for (int64_t at = 0; at < asked.n_near; at++)
        if (near[at] < 0)
            asked.n_near = at;
    int status = listen(&list);
    double nearest = asked.least_nearest;
    if (asked.n_near > 0 && near_cosines[asked.n_near - 1] > nearest)
        nearest = near_cosines[asked.n_near - 1];
    if (asked.group >= 0)
        meet(shop, asked.group); /* nothing leads to itself */
    for (int64_t at = 0; at < asked.n_left_out; at++)
        if (meet(shop, left_out[at]) == BROKEN)
            status = BROKEN;
    if (status != BROKEN)
        status = add_known(&list);
    if (status != BROKEN)
        status = add_hot(&list, nearest);
    forget(shop, asked.group);
    for (int64_t at = 0; at < asked.n_left_out; at++)
        forget(shop, left_out[at]);
    for (int64_t at = 0; at < asked.n_near; at++)
        forget(shop, near[at]);
    for (int64_t at = 0; at < asked.n_followers; at++)
        forget(shop, followers[at]);
    for (int64_t at = 0; at < asked.n_hot; at++)
        forget(shop, shop->groups[hot[at]]);
    stop_listening(&list);
    for (int64_t at = 0; at < list.n_places; at++)
        places[at].reason = reason_of(&places[at], asked.hot_share);
    return status == BROKEN || list.is_broken ? BROKEN : list.n_places;
}

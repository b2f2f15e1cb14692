/* What a shopper's recent products say of others: decay^position times their cosine, most of it read from their lists.
 *
 * As recents.py says it: with nobody outside of its list has a product a larger cosine than with the last one in it.
 */
#ifndef RECENT_H
#define RECENT_H

#include "texts.h"

/* What a shopper's recent groups say of another, as far as their lists tell. */
typedef struct {
    double most;    /* the largest of what is left of their cosines */
    int64_t led_by; /* whose that is, from 1 */
    uint64_t told;  /* the places of those that tell */
} Said;

static Said *said_of;        /* by group; zeros between two calls */
static double *recent_dense; /* by term and recent group: their texts; zeros between two calls */
static int64_t said_size, recent_dense_size;

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
            said_of[group].told |= UINT64_C(1) << place;
            if (worth > said_of[group].most) {
                said_of[group].most = worth;
                said_of[group].led_by = place + 1;
            }
        }
        if (own >= 0 && own < list->shop->n_groups)
            said_of[own].told |= UINT64_C(1) << place; /* that it was looked at says nothing about looking at it again */
        else
            status = BROKEN;
        if (nearest < list->asked->least_nearest)
            nearest = list->asked->least_nearest;
        list->outside[place] = known->left[place] * nearest;
        first = end;
    }
    return status;
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
            int is_told = (int)(said.told >> place & 1);
            if (!is_told && (worth > said.most || (worth > 0.0 && worth == said.most && place + 1 < said.led_by))) {
                said.most = worth;
                said.led_by = place + 1;
            }
        }
    }
    *led_by = said.led_by - 1;
    return said.most;
}

/* Whether a look at the text of a group might say more of it than the lists of the recent groups do. */
static int may_be_more(const List *list, int64_t group)
{
    return list->asked->n_recent && most_recent(list, group) > said_of[group].most;
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

#endif

/* The yardstick in C: README.md in this folder is its specification, rules.py its twin.

   Same records, same keyed draws, same algorithm, same order of floating-point operations;
   compiled without contraction of a*b+c, so that the records come out bit for bit equal. */

#include <math.h>
#include <stdint.h>

enum { OPEN, WON, LOST, EXPIRED, CHURNED };
enum { NOBODY = -1, LEADS_FULL = -1, INBOX_FULL = -2 };
/* Numbers of sim.draws.Stream */
enum { ARRIVAL = 0, QUALITY = 2, OWNER = 6, SCORE = 11, ADVANCE = 22, LOSS = 23, CHURN = 32 };

#define IDS_PER_MARKETER_DAY INT64_C(64)
#define IDS_PER_DAY (IDS_PER_MARKETER_DAY << 20)
#define MOST_TOUCHES 64

typedef struct {
    int64_t marketers, sellers, days, touches_per_day, advances_to_win, days_to_expiry, days_per_month;
    double leads_per_day, score_noise, freshness_days;
    double advance_base, advance_quality, advance_stage;
    double loss_base, loss_quality, loss_touch;
    double churn_per_month;
} Setting;

typedef struct {
    int64_t status, last_touch;
    double score, quality;
    int64_t id, touches, stage, seller;
} Lead;

typedef struct { int64_t row, last_touch; double score; } Slip;
typedef struct { int64_t desk, inbox, touches, won; } Seller;
typedef struct { int64_t leads; } Marketer;
typedef struct { uint64_t arrival, quality, owner, score, advance, loss, churn; } Keys;

/* ---- draws ---- */

static const uint64_t G1 = UINT64_C(0x9E3779B97F4A7C15);
static const uint64_t G2 = UINT64_C(0xD1B54A32D192ED03);

static inline uint64_t mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

static inline uint64_t stream_key(uint64_t seed, uint64_t stream)
{
    return mix(mix(seed + G1) + stream * G2);
}

static inline double uniform(uint64_t key, int64_t entity, int64_t index)
{
    uint64_t h = mix(mix(key + ((uint64_t)entity + 1) * G1) + ((uint64_t)index + 1) * G2);
    return ((double)(h >> 12) + 0.5) * 0x1p-52;
}

/* Wichura 1988, AS 241 (PPND16) */
static double inverse_normal(double p)
{
    double q = p - 0.5, r, num, den, x;
    if (fabs(q) <= 0.425) {
        r = 0.180625 - q * q;
        num = ((((((2509.0809287301226727 * r + 33430.575583588128105) * r + 67265.770927008700853) * r
                  + 45921.953931549871457) * r + 13731.693765509461125) * r + 1971.5909503065514427) * r
               + 133.14166789178437745) * r + 3.387132872796366608;
        den = ((((((5226.495278852854561 * r + 28729.085735721942674) * r + 39307.89580009271061) * r
                  + 21213.794301586595867) * r + 5394.1960214247511077) * r + 687.1870074920579083) * r
               + 42.313330701600911252) * r + 1.0;
        return q * num / den;
    }
    r = q < 0.0 ? p : 1.0 - p;
    r = sqrt(-log(r));
    if (r <= 5.0) {
        r -= 1.6;
        num = ((((((7.7454501427834140764e-4 * r + 0.0227238449892691845833) * r + 0.24178072517745061177) * r
                  + 1.27045825245236838258) * r + 3.64784832476320460504) * r + 5.7694972214606914055) * r
               + 4.6303378461565452959) * r + 1.42343711074968357734;
        den = ((((((1.05075007164441684324e-9 * r + 5.475938084995344946e-4) * r + 0.0151986665636164571966) * r
                  + 0.14810397642748007459) * r + 0.68976733498510000455) * r + 1.6763848301838038494) * r
               + 2.05319162663775882187) * r + 1.0;
    } else {
        r -= 5.0;
        num = ((((((2.01033439929228813265e-7 * r + 2.71155556874348757815e-5) * r + 0.0012426609473880784386) * r
                  + 0.026532189526576123093) * r + 0.29656057182850489123) * r + 1.7848265399172913358) * r
               + 5.4637849111641143699) * r + 6.6579046435011037772;
        den = ((((((2.04426310338993978564e-15 * r + 1.4215117583164458887e-7) * r
                   + 1.8463183175100546818e-5) * r + 7.868691311456132591e-4) * r + 0.0148753612908506148525) * r
                + 0.13692988092273580531) * r + 0.59983220655588793769) * r + 1.0;
    }
    x = num / den;
    return q < 0.0 ? -x : x;
}

static inline double normal(uint64_t key, int64_t entity, int64_t index)
{
    return inverse_normal(uniform(key, entity, index));
}

/* ---- rules ---- */

static inline double logistic(double x)
{
    return 1.0 / (1.0 + exp(-x));
}

static int64_t arrivals(double rate, double u)
{
    int64_t number = 0;
    double probability = exp(-rate), below = probability;
    while (u > below && number < IDS_PER_MARKETER_DAY - 1) {
        number += 1;
        probability *= rate / (double)number;
        below += probability;
    }
    return number;
}

static void capture(Lead *lead, int64_t marketer, int64_t number, int64_t day, const Setting *setting,
                    const Keys *keys)
{
    lead->id = day * IDS_PER_DAY + marketer * IDS_PER_MARKETER_DAY + number;
    lead->seller = (int64_t)(uniform(keys->owner, lead->id, 0) * (double)setting->sellers);
    if (lead->seller > setting->sellers - 1)
        lead->seller = setting->sellers - 1;
    lead->quality = normal(keys->quality, lead->id, 0);
    lead->score = logistic(lead->quality + setting->score_noise * normal(keys->score, lead->id, 0));
    lead->last_touch = day;
    lead->touches = 0;
    lead->stage = 0;
    lead->status = OPEN;
}

static inline double priority(double score, int64_t last_touch, int64_t day, const Setting *setting)
{
    return score * (setting->freshness_days / (setting->freshness_days + (double)(day - last_touch)));
}

static inline void touch(Lead *lead, int64_t day, const Setting *setting, const Keys *keys)
{
    double advance = logistic(setting->advance_base + setting->advance_quality * lead->quality
                              - setting->advance_stage * (double)lead->stage);
    double loss = logistic(setting->loss_base - setting->loss_quality * lead->quality
                           + setting->loss_touch * (double)lead->touches);
    int advanced = uniform(keys->advance, lead->id, lead->touches) < advance;
    int gone = uniform(keys->loss, lead->id, lead->touches) < loss;
    lead->touches += 1;
    lead->last_touch = day;
    if (advanced)
        lead->stage += 1;
    if (lead->stage == setting->advances_to_win) {
        lead->status = WON;
    } else if (gone) {
        lead->status = LOST;
    }
}

static inline int expires(int64_t last_touch, int64_t day, const Setting *setting)
{
    return day - last_touch >= setting->days_to_expiry;
}

static inline void note(Slip *slip, const Lead *lead, int64_t row)
{
    slip->row = row;
    slip->score = lead->score;
    slip->last_touch = lead->last_touch;
}

static inline int leaves(Lead *lead, int64_t month, const Setting *setting, const Keys *keys)
{
    if (uniform(keys->churn, lead->id, month) < setting->churn_per_month) {
        lead->status = CHURNED;
        return 1;
    }
    return 0;
}

/* ---- days ---- */

/* Insert a row among the best so far, best first, the older lead first among equals.
   Returns the row that found no place: the one pushed out, the row itself, or NOBODY. */
static inline int64_t rank(double value, int64_t row, double *values, int64_t *rows, int64_t held, int64_t most)
{
    int64_t last = most - 1, out = NOBODY, place = held;
    if (held > last) {
        if (value < values[last] || (value == values[last] && row > rows[last]))
            return row;
        out = rows[last];
        place = last;
    }
    while (place > 0 && (values[place - 1] < value || (values[place - 1] == value && rows[place - 1] > row))) {
        values[place] = values[place - 1];
        rows[place] = rows[place - 1];
        place -= 1;
    }
    values[place] = value;
    rows[place] = row;
    return out;
}

/* Put today's best open leads on the desk and all others in the inbox, yesterday's desk first. */
static inline void choose(Seller *seller, int64_t *desk, Slip *inbox, Lead *leads, int64_t day,
                          const Setting *setting, double *values, int64_t *rows)
{
    const int64_t most = setting->touches_per_day;
    int64_t held = 0, kept = 0;
    for (int64_t place = 0; place < seller->desk; place++) {
        int64_t row = desk[place];
        Lead *lead = &leads[row];
        if (lead->status != OPEN)
            continue;
        if (expires(lead->last_touch, day, setting)) {
            lead->status = EXPIRED;
            continue;
        }
        rank(priority(lead->score, lead->last_touch, day, setting), row, values, rows, held, most);
        held += 1;
    }
    for (int64_t place = 0; place < seller->inbox; place++) {
        const Slip slip = inbox[place];
        if (expires(slip.last_touch, day, setting)) {
            leads[slip.row].status = EXPIRED;
            continue;
        }
        int64_t out = rank(priority(slip.score, slip.last_touch, day, setting), slip.row, values, rows, held, most);
        if (out == NOBODY)
            held += 1;
        else if (out == slip.row)
            inbox[kept++] = slip;
        else
            note(&inbox[kept++], &leads[out], out);
    }
    for (int64_t place = 0; place < held; place++)
        desk[place] = rows[place];
    seller->desk = held;
    seller->inbox = kept;
}

static inline int64_t work(Seller *seller, const int64_t *desk, Lead *leads, int64_t day, const Setting *setting,
                           const Keys *keys, int64_t *customers, int64_t n_customers)
{
    for (int64_t place = 0; place < seller->desk; place++) {
        Lead *lead = &leads[desk[place]];
        touch(lead, day, setting, keys);
        seller->touches += 1;
        if (lead->status == WON) {
            seller->won += 1;
            customers[n_customers++] = desk[place];
        }
    }
    return n_customers;
}

static int64_t month_end(int64_t *customers, int64_t n_customers, Lead *leads, int64_t day, const Setting *setting,
                         const Keys *keys)
{
    int64_t month = day / setting->days_per_month, kept = 0;
    for (int64_t place = 0; place < n_customers; place++) {
        int64_t row = customers[place];
        if (!leaves(&leads[row], month, setting, keys))
            customers[kept++] = row;
    }
    return kept;
}

/* Run all days; return the number of leads, or why the arrays are too small. */
int64_t funnel(uint64_t seed, const Setting *setting, Lead *leads, int64_t room, Seller *sellers,
               Marketer *marketers, int64_t *desks, Slip *inboxes, int64_t inbox_room, int64_t *customers)
{
    const Keys keys = {
        .arrival = stream_key(seed, ARRIVAL), .quality = stream_key(seed, QUALITY), .owner = stream_key(seed, OWNER),
        .score = stream_key(seed, SCORE), .advance = stream_key(seed, ADVANCE), .loss = stream_key(seed, LOSS),
        .churn = stream_key(seed, CHURN),
    };
    double values[MOST_TOUCHES];
    int64_t rows[MOST_TOUCHES];
    int64_t n_leads = 0, n_customers = 0;
    for (int64_t day = 0; day < setting->days; day++) {
        for (int64_t m = 0; m < setting->marketers; m++) {
            int64_t number = arrivals(setting->leads_per_day, uniform(keys.arrival, m, day));
            if (n_leads + number > room)
                return LEADS_FULL;
            marketers[m].leads += number;
            for (int64_t i = 0; i < number; i++) {
                Lead *lead = &leads[n_leads];
                capture(lead, m, i, day, setting, &keys);
                Seller *seller = &sellers[lead->seller];
                if (seller->inbox == inbox_room)
                    return INBOX_FULL;
                note(&inboxes[lead->seller * inbox_room + seller->inbox], lead, n_leads);
                seller->inbox += 1;
                n_leads += 1;
            }
        }
        for (int64_t s = 0; s < setting->sellers; s++) {
            int64_t *desk = desks + s * setting->touches_per_day;
            choose(&sellers[s], desk, inboxes + s * inbox_room, leads, day, setting, values, rows);
            n_customers = work(&sellers[s], desk, leads, day, setting, &keys, customers, n_customers);
        }
        if ((day + 1) % setting->days_per_month == 0)
            n_customers = month_end(customers, n_customers, leads, day, setting, &keys);
    }
    return n_leads;
}

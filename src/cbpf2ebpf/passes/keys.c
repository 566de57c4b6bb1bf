/* SPDX-License-Identifier: MIT */
/*
 * keys.c - long lists whose members are several tests each (an IPv6 host is four words, an
 * Ethernet address two) are looked up in tables of pairs.
 *
 *	if (x0 == c0 && x1 == c1 && ...) goto to	member 0, in field x
 *	if (y0 == c0 && y1 == c1 && ...) goto to	the same in field y, if there are two
 *	...						the other members
 *
 * find(x0, x1) is the number of the first member that begins with these two words, UINT32_MAX if
 * none does; with the third word find(find(x0, x1), x2), and so on.
 *
 * Requires: edges that lead forward; words at constant places, between them only tests that they
 * are there. Keeps: every path's result, and for packets that end within the fields, too: such a
 * packet gets 0 from the first member that wants a byte beyond its end, unless one before has
 * matched. The numbers show which is first. Adds nodes.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pass.h"
#include "../../util.h"

#define WORD_CNT_MAX  4
#define FIELD_CNT_MAX 2
#define OFFSET_MAX    0xffff

struct field {
	ir_val words[WORD_CNT_MAX];
	ir_val first[WORD_CNT_MAX]; /* the first member that has the words up to this one */
};

struct member {
	uint32_t words[WORD_CNT_MAX];
};

/* Tests of all words of a field for one member. */
struct alternative {
	ir_val words[WORD_CNT_MAX];
	struct member is;
	unsigned cnt;
	ir_node to, other;
};

struct chain {
	struct ir *ir;
	uint8_t *seen; /* nodes that were part of a chain */
	struct member *members;
	uint32_t cnt;
	size_t cap;
	struct field fields[FIELD_CNT_MAX];
	unsigned field_cnt, word_cnt;
	ir_node to, other, ret_0;
};

/* ---- Reading ------------------------------------------------------------------------------ */

static uint32_t end_of(const struct ir *ir, ir_val load)
{
	const struct ir_value *v = c2e_ir_at(ir, load);

	return (uint32_t)v->k + v->size;
}

/* Is it a bounds check that ends the filter with 0 if it fails? */
static bool is_check(const struct ir *ir, const struct ir_insn *n)
{
	return n->kind == IR_IN && n->a == IR_AVAIL_0 && c2e_ir_is_ret(ir, n->no, 0);
}

/* Reads the test of a word, in either polarity: its number, and both branches. */
static bool read_word(const struct ir *ir, const struct ir_insn *n, uint32_t *is, ir_node *yes,
		      ir_node *no)
{
	const struct ir_value *v = c2e_ir_at(ir, n->a);
	bool turned = n->lo == 0 && n->hi + 1 == v->hi && n->lo != n->hi;

	if (n->kind != IR_IN || v->op != IR_LOAD || v->a != 0 || v->k > OFFSET_MAX ||
	    (n->lo != n->hi && !turned))
		return false;
	*is = turned ? v->hi : n->lo;
	*yes = turned ? n->no : n->yes;
	*no = turned ? n->yes : n->no;
	return true;
}

/* The node after bounds checks that ask for no more than the word that is tested there. */
static ir_node behind_checks(const struct ir *ir, ir_node i)
{
	uint32_t avail = 0;

	for (; is_check(ir, &ir->nodes[i]); i = ir->nodes[i].yes)
		if (ir->nodes[i].lo > avail)
			avail = ir->nodes[i].lo;
	return avail <= end_of(ir, ir->nodes[i].a) ? i : IR_NONE;
}

/* Reads up to `max` tests from node i on, which lead to one node if they fail. */
static void read_alternative(const struct ir *ir, ir_node i, unsigned max, struct alternative *alt)
{
	*alt = (struct alternative){.to = i};
	while (alt->cnt < max) {
		ir_node at = behind_checks(ir, alt->to), yes, no;
		uint32_t is;

		if (at == IR_NONE || !read_word(ir, &ir->nodes[at], &is, &yes, &no) ||
		    (alt->cnt > 0 && no != alt->other))
			return;
		alt->words[alt->cnt] = ir->nodes[at].a;
		alt->is.words[alt->cnt++] = is;
		alt->other = no;
		alt->to = yes;
	}
}

static bool same_words(const struct alternative *alt, const struct field *f)
{
	return memcmp(alt->words, f->words, sizeof(f->words)) == 0;
}

/* What the first two alternatives imply for all. */
static bool read_form(struct chain *c, ir_node i)
{
	struct alternative x, y;

	read_alternative(c->ir, i, WORD_CNT_MAX, &x);
	if (x.cnt < 2)
		return false;
	read_alternative(c->ir, x.other, x.cnt, &y);
	memcpy(c->fields[0].words, x.words, sizeof(x.words));
	memcpy(c->fields[1].words, y.words, sizeof(y.words));
	c->field_cnt = same_words(&y, &c->fields[0]) ? 1 : 2;
	c->word_cnt = x.cnt;
	c->to = x.to;
	return y.cnt == x.cnt && y.to == x.to;
}

/* No chain begins among the nodes from i on whose branch `yes` leads to c->to. */
static void mark_seen(const struct chain *c, ir_node i)
{
	for (ir_node no, yes = i; yes != c->to; i = yes) {
		const struct ir_insn *n = &c->ir->nodes[i];
		uint32_t is;

		c->seen[i] = 1;
		yes = n->yes;
		if (!is_check(c->ir, n))
			(void)read_word(c->ir, n, &is, &yes, &no);
	}
}

/* Reads the alternatives of one member, one for each field, from *i on. */
static bool read_member(const struct chain *c, ir_node *i, struct member *is)
{
	ir_node at = *i, heads[FIELD_CNT_MAX];

	for (unsigned f = 0; f < c->field_cnt; f++) {
		struct alternative alt;

		read_alternative(c->ir, at, c->word_cnt, &alt);
		if (alt.cnt != c->word_cnt || alt.to != c->to || !same_words(&alt, &c->fields[f]))
			return false;
		if (f > 0 && memcmp(&alt.is, is, sizeof(*is)) != 0)
			return false;
		*is = alt.is;
		heads[f] = at;
		at = alt.other;
	}
	for (unsigned f = 0; f < c->field_cnt; f++)
		mark_seen(c, heads[f]);
	*i = at;
	return true;
}

static bool add_member(struct chain *c, struct member is)
{
	struct member *more = grow(c->members, &c->cap, c->cnt + 1, sizeof(*more));

	if (!more)
		return false;
	c->members = more;
	c->members[c->cnt++] = is;
	return true;
}

/* Reads the chain that begins at node i; true if it is a long list. */
static bool read_chain(struct chain *c, ir_node i)
{
	struct member is;

	c->cnt = 0;
	if (!read_form(c, i))
		return false;
	c->other = i;
	while (read_member(c, &c->other, &is))
		if (!add_member(c, is))
			return false;
	return c->cnt >= c->ir->tables->min;
}

/* ---- Tables ------------------------------------------------------------------------------- */

static int by_pair(const void *x, const void *y)
{
	const struct c2e_pair *p = x, *q = y;

	if (p->a != q->a)
		return p->a < q->a ? -1 : 1;
	if (p->b != q->b)
		return p->b < q->b ? -1 : 1;
	return p->number < q->number ? -1 : p->number > q->number;
}

/*
 * Removes duplicate pairs, keeping the smallest number; number_of[] gets it for all. Returns how
 * many are left.
 */
static uint32_t unite_pairs(struct c2e_pair *pairs, uint32_t cnt, uint32_t *number_of)
{
	uint32_t kept = 0;

	qsort(pairs, cnt, sizeof(*pairs), by_pair);
	for (uint32_t i = 0; i < cnt; i++) {
		uint32_t number = pairs[i].number;

		if (i == 0 || pairs[i].a != pairs[kept - 1].a || pairs[i].b != pairs[kept - 1].b)
			pairs[kept++] = pairs[i];
		number_of[number] = pairs[kept - 1].number;
	}
	return kept;
}

/*
 * The table that knows the members by word k and what stands before: nothing but the word itself,
 * the first word, or the number of all words before. number_of[] has these and gets the new ones.
 */
static int make_table(const struct chain *c, unsigned k, struct c2e_pair *pairs,
		      uint32_t *number_of)
{
	for (uint32_t i = 0; i < c->cnt; i++)
		pairs[i] = (struct c2e_pair){
			.a = k < 2 ? c->members[i].words[0] : number_of[i],
			.b = c->members[i].words[k],
			.number = i,
		};
	return c2e_tables_find_pairs(c->ir->tables, pairs, unite_pairs(pairs, c->cnt, number_of));
}

static bool make_tables(struct chain *c)
{
	struct c2e_pair *pairs = malloc(c->cnt * sizeof(*pairs));
	uint32_t *number_of = malloc(c->cnt * sizeof(*number_of));
	int table = pairs && number_of ? 0 : -1;

	for (unsigned k = 0; table >= 0 && k < c->word_cnt; k++) {
		table = make_table(c, k, pairs, number_of);
		for (unsigned f = 0; table >= 0 && f < c->field_cnt; f++) {
			struct field *field = &c->fields[f];
			ir_val a = k < 2 ? field->words[0] : field->first[k - 1];

			field->first[k] = c2e_ir_find(c->ir, (uint32_t)table, a, field->words[k]);
		}
	}
	free(pairs);
	free(number_of);
	return table >= 0;
}

/* ---- Decisions ---------------------------------------------------------------------------- */

/* The words of a field that a packet of this length has, up to the first one missing. */
static unsigned words_within(const struct chain *c, unsigned f, uint32_t avail)
{
	unsigned k = 0;

	while (k < c->word_cnt && end_of(c->ir, c->fields[f].words[k]) <= avail)
		k++;
	return k;
}

/* The target of the first member whose words equal the field's, as far as they are present. */
struct outcome {
	ir_val first; /* its number */
	ir_node way;
};

static struct outcome outcome(const struct chain *c, unsigned f, uint32_t avail)
{
	unsigned k = words_within(c, f, avail);

	return (struct outcome){k ? c->fields[f].first[k - 1] : 0,
				k == c->word_cnt ? c->to : c->ret_0};
}

static ir_node if_any(const struct chain *c, struct outcome o, ir_node no)
{
	return c2e_ir_add_in(c->ir, o.first, 0, c->cnt - 1, o.way, no);
}

/* Decides for packets of at least `avail` bytes, if no word ends directly after. */
static ir_node decide(const struct chain *c, uint32_t avail)
{
	struct outcome x = outcome(c, 0, avail), y;

	if (c->field_cnt == 1)
		return if_any(c, x, c->other);
	y = outcome(c, 1, avail);
	if (x.way == y.way)
		return if_any(c, x, if_any(c, y, c->other));
	return c2e_ir_add_test(c->ir, (struct ir_insn){.kind = IR_GT,
						       .a = x.first,
						       .b = y.first, /* it comes before x's */
						       .yes = y.way,
						       .no = if_any(c, x, c->other)});
}

/* The smallest end of a word above `avail`; UINT32_MAX: none. */
static uint32_t next_end(const struct chain *c, uint32_t avail)
{
	uint32_t next = UINT32_MAX;

	for (unsigned f = 0; f < c->field_cnt; f++)
		for (unsigned k = 0; k < c->word_cnt; k++) {
			uint32_t end = end_of(c->ir, c->fields[f].words[k]);

			if (end > avail && end < next)
				next = end;
		}
	return next;
}

/* From the longest packets down: those of a length have what the next test need not ask for. */
static ir_node decide_all(struct chain *c)
{
	ir_node root;

	c->ret_0 = c2e_ir_add(c->ir, (struct ir_insn){.kind = IR_RET});
	root = decide(c, 0);
	for (uint32_t end = next_end(c, 0); end != UINT32_MAX; end = next_end(c, end))
		root = c2e_ir_add_in(c->ir, IR_AVAIL_0, end, UINT32_MAX, decide(c, end), root);
	return root;
}

/* ---- The pass ----------------------------------------------------------------------------- */

static void run(struct chain *c)
{
	uint32_t cnt = c->ir->node_cnt; /* before any are added */

	for (ir_node i = c->ir->root; i < cnt && !c->ir->failed; i++) {
		ir_node root;

		if (c->seen[i] || !read_chain(c, i) || !make_tables(c))
			continue;
		root = decide_all(c);
		c->ir->nodes[i] = c->ir->nodes[root];
	}
}

void c2e_pass_keys(struct ir *ir)
{
	uint32_t cnt = ir->node_cnt;
	struct chain c = {.ir = ir, .seen = calloc(cnt + 1, 1)};

	if (c.seen)
		run(&c);
	else
		ir->failed = -ENOMEM;
	free(c.seen);
	free(c.members);
	if (ir->node_cnt > cnt)
		c2e_ir_order(ir);
}

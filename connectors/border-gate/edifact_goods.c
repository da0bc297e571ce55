/*
 * edifact_goods.c: one item of goods and the segments under it.
 *
 * Free text comes in several FTX; only their whole is masked, since a number may run over the edge.
 */
#include "connectors/border-gate/edifact_parts.h"

typedef Ioc__Bordergate__V1__GoodsItem GoodsItem;

void part_goods_end(struct edi *job, struct edi_goods *goods) {
  struct text words = {goods->description.data, goods->description.length};
  if (goods->item != NULL && words.length != 0)
    goods->item->description = edi_personal(job, HUB_FREE_TEXT, words);
  *goods = (struct edi_goods){.item = NULL};
}

static void begin(struct edi *job, struct edi_goods *goods) {
  part_goods_end(job, goods);
  *goods = (struct edi_goods){.item = EDI_MAKE(job, GoodsItem, ioc__bordergate__v1__goods_item__init)};
}

/* GID: number, then a number and a type of packages. */
void part_goods_begin_gid(struct edi *job, struct edi_goods *goods) {
  begin(job, goods);
  if (goods->item == NULL) return;
  goods->item->number = edi_string(job, 1, 1);
  goods->item->package_count = edi_string(job, 2, 1);
  goods->item->package_type_code = edi_string(job, 2, 2);
}

static void take_status(struct edi *job, GoodsItem *item) {
  if (*item->commodity_code == 0) item->commodity_code = edi_string(job, 2, 1);
  for (unsigned element = 3; element <= 6; element++) {
    char *code = edi_string(job, element, 1);
    if (*code != 0) EDI_APPEND(job, item, procedure_codes, code);
  }
}

/* CST: number, commodity code, then codes of procedures. */
void part_goods_begin_cst(struct edi *job, struct edi_goods *goods) {
  begin(job, goods);
  if (goods->item == NULL) return;
  goods->item->number = edi_string(job, 1, 1);
  take_status(job, goods->item);
}

static void take_words(struct edi *job, struct edi_goods *goods) {
  if (!text_is(edi_text(job, 1, 1), "AAA")) return;
  edi_words_add(job, &goods->description, part_words(job));
}

static void take_measure(struct edi *job, GoodsItem *item) {
  struct edi_weight weight = part_weight(job);
  if (weight.kind == WEIGHT_OTHER) return;
  if (weight.kind == WEIGHT_GROSS) item->gross_weight_kg = weight.kilograms;
  else item->net_weight_kg = weight.kilograms;
  item->weight_unit = weight.unit;
}

static void take_packages(struct edi *job, GoodsItem *item) {
  if (*item->package_count != 0) return;
  item->package_count = edi_string(job, 1, 1);
  item->package_type_code = edi_string(job, 3, 1);
}

static void take_quantity(struct edi *job, GoodsItem *item) {
  item->quantity = edi_number_text(job, 1, 2);
  item->quantity_unit = edi_string(job, 1, 3);
}

static void append_text(struct edi *job, char ***list, size_t *count, unsigned element) {
  char *text = edi_string(job, element, 1);
  if (*text != 0) edi_append(job, list, count, text);
}

bool part_goods_take(struct edi *job, struct edi_goods *goods) {
  GoodsItem *item = goods->item;
  const struct edifact *e = job->reader;
  if (item == NULL) return false;
  if (edifact_is_tag(e, "FTX")) take_words(job, goods);
  else if (edifact_is_tag(e, "MEA")) take_measure(job, item);
  else if (edifact_is_tag(e, "PAC")) take_packages(job, item);
  else if (edifact_is_tag(e, "QTY")) take_quantity(job, item);
  else if (edifact_is_tag(e, "MOA")) EDI_APPEND(job, item, values, part_amount(job));
  else if (edifact_is_tag(e, "RFF")) EDI_APPEND(job, item, references, part_reference(job));
  else if (edifact_is_tag(e, "DOC")) EDI_APPEND(job, item, references, part_document(job));
  else if (edifact_is_tag(e, "CST")) take_status(job, item);
  else if (edifact_is_tag(e, "SGP"))
    append_text(job, &item->container_numbers, &item->n_container_numbers, 1);
  else if (edifact_is_tag(e, "DGS"))
    append_text(job, &item->dangerous_goods_codes, &item->n_dangerous_goods_codes, 3);
  else if (edifact_is_tag(e, "PIA") && text_is(edi_text(job, 2, 2), "HS"))
    item->commodity_code = edi_string(job, 2, 1);
  else if (edifact_is_tag(e, "LOC") && text_is(edi_text(job, 1, 1), "27"))
    item->origin_code = edi_string(job, 2, 1);
  else return false;
  return true;
}

/*
 * wco_elements.c: the elements of the WCO data model that mean something, one table a state.
 *
 * A response repeats the declaration's own elements inside it, so both read them by the same tables.
 */
#include "connectors/border-gate/customs_elements.h"

typedef Ioc__Bordergate__V1__CustomsDeclaration Declaration;
typedef Ioc__Bordergate__V1__GoodsItem Item;
typedef Ioc__Bordergate__V1__Party Party;
typedef Ioc__Bordergate__V1__TransportMeans Means;
typedef Ioc__Bordergate__V1__Equipment Equipment;
typedef Ioc__Bordergate__V1__Seal Seal;
typedef Ioc__Bordergate__V1__Location Location;
typedef Ioc__Bordergate__V1__Reference Reference;
typedef Ioc__Bordergate__V1__CustomsError Error;
typedef Ioc__Bordergate__V1__Amount Amount;

#define PLAIN_PART(type, function) \
  { sizeof(type), (void (*)(void *))ioc__bordergate__v1__##function##__init, PART_PLAIN, 0, 0, 0, NULL }
#define PARTY_PART(what)                                                                                  \
  {                                                                                                       \
    sizeof(Party), (void (*)(void *))ioc__bordergate__v1__party__init, PART_PARTY, offsetof(Party, role), \
        IOC__BORDERGATE__V1__PARTY_ROLE__PARTY_ROLE_##what, 0, NULL                                       \
  }
#define MEANS_PART(what)                                                                              \
  {                                                                                                   \
    sizeof(Means), (void (*)(void *))ioc__bordergate__v1__transport_means__init, PART_MEANS,          \
        offsetof(Means, stage), IOC__BORDERGATE__V1__TRANSPORT_STAGE__TRANSPORT_STAGE_##what, 0, NULL \
  }
#define LOCATION_PART(name)                                                                    \
  {                                                                                            \
    sizeof(Location), (void (*)(void *))ioc__bordergate__v1__location__init, PART_PLAIN, 0, 0, \
        offsetof(Location, role_code), name                                                    \
  }

static const struct part item_part = PLAIN_PART(Item, goods_item), seal_part = PLAIN_PART(Seal, seal),
                         reference_part = PLAIN_PART(Reference, reference),
                         error_part = PLAIN_PART(Error, customs_error),
                         amount_part = PLAIN_PART(Amount, amount);
static const struct part container_part = {sizeof(Equipment),
                                           (void (*)(void *))ioc__bordergate__v1__equipment__init,
                                           PART_PLAIN,
                                           offsetof(Equipment, kind),
                                           IOC__BORDERGATE__V1__EQUIPMENT_KIND__EQUIPMENT_KIND_CONTAINER,
                                           0,
                                           NULL};
static const struct part declarant_part = PARTY_PART(DECLARANT), agent_part = PARTY_PART(AGENT),
                         importer_part = PARTY_PART(IMPORTER), exporter_part = PARTY_PART(EXPORTER),
                         buyer_part = PARTY_PART(BUYER), seller_part = PARTY_PART(SELLER),
                         consignee_part = PARTY_PART(CONSIGNEE), consignor_part = PARTY_PART(CONSIGNOR),
                         carrier_part = PARTY_PART(CARRIER), holder_part = PARTY_PART(AUTHORISATION_HOLDER);
static const struct part border_part = MEANS_PART(BORDER), arrival_part = MEANS_PART(ARRIVAL),
                         departure_part = MEANS_PART(DEPARTURE);
static const struct part goods_location_part = LOCATION_PART("GoodsLocation"),
                         loading_part = LOCATION_PART("LoadingLocation"),
                         unloading_part = LOCATION_PART("UnloadingLocation"),
                         exit_part = LOCATION_PART("ExitOffice"), entry_part = LOCATION_PART("EntryOffice"),
                         warehouse_part = LOCATION_PART("Warehouse");

static const struct element wco_rows[] = {
    TEXT_ROW("WCODataModelVersionCode", Declaration, message_version),
    RECORD_ROW("Declaration", STATE_WCO_DECLARATION, WCO_DECLARATION),
    RECORD_ROW("Response", STATE_WCO_RESPONSE, WCO_RESPONSE),
    END_ROW,
};

static const struct element declaration_rows[] = {
    CODE_ROW("FunctionCode", message_functions, Declaration, function),
    IDENTITY_ROW("FunctionalReferenceID", Declaration, functional_reference),
    IDENTITY_ROW("ID", Declaration, declaration_number),
    TEXT_ROW("VersionID", Declaration, version_id),
    TEXT_ROW("TypeCode", Declaration, type_code),
    ELEMENT_ROW("AcceptanceDateTime", ELEMENT_PASS, STATE_WCO_TIME, 0, 0, 0),
    TEXT_ROW("DeclarationOfficeID", Declaration, office_code),
    NUMBER_ROW("GoodsItemQuantity", Declaration, goods_item_count),
    NUMBER_ROW("TotalPackageQuantity", Declaration, package_count),
    ELEMENT_ROW("TotalGrossMassMeasure", ELEMENT_WEIGHT, STATE_VALUE, offsetof(Declaration, gross_weight_kg),
                offsetof(Declaration, gross_weight), 0),
    ELEMENT_ROW("InvoiceAmount", ELEMENT_MONEY, STATE_VALUE, offsetof(Declaration, total_value),
                offsetof(Declaration, currency), 0),
    EACH_ROW("AdditionalDocument", STATE_WCO_REFERENCE, Declaration, references, reference_part),
    EACH_ROW("Agent", STATE_WCO_PARTY, Declaration, parties, agent_part),
    EACH_ROW("AuthorisationHolder", STATE_WCO_PARTY, Declaration, parties, holder_part),
    EACH_ROW("Declarant", STATE_WCO_PARTY, Declaration, parties, declarant_part),
    EACH_ROW("Exporter", STATE_WCO_PARTY, Declaration, parties, exporter_part),
    EACH_ROW("BorderTransportMeans", STATE_WCO_MEANS, Declaration, transport_means, border_part),
    PASS_ROW("GoodsShipment", STATE_WCO_SHIPMENT),
    PASS_ROW("SupervisingOffice", STATE_WCO_SUPERVISION),
    PASS_ROW("PresentationOffice", STATE_WCO_OFFICE),
    EACH_ROW("ExitOffice", STATE_WCO_LOCATION, Declaration, locations, exit_part),
    EACH_ROW("EntryOffice", STATE_WCO_LOCATION, Declaration, locations, entry_part),
    END_ROW,
};

static const struct element response_rows[] = {
    CODE_ROW("FunctionCode", customs_responses, Declaration, status),
    IDENTITY_ROW("FunctionalReferenceID", Declaration, response_reference),
    PASS_ROW("IssueDateTime", STATE_WCO_STATUS),
    PASS_ROW("Status", STATE_WCO_STATUS),
    PASS_ROW("Declaration", STATE_WCO_DECLARATION),
    EACH_ROW("Error", STATE_WCO_ERROR, Declaration, errors, error_part),
    EACH_ROW("AdditionalDocument", STATE_WCO_REFERENCE, Declaration, references, reference_part),
    END_ROW,
};

/* AcceptanceDateTime */
static const struct element time_rows[] = {TIME_ROW("DateTimeString", Declaration, registered_at), END_ROW};

/* IssueDateTime and Status of a response */
static const struct element status_rows[] = {
    TIME_ROW("DateTimeString", Declaration, as_of),
    TEXT_ROW("NameCode", Declaration, status_name),
    END_ROW,
};

static const struct element shipment_rows[] = {
    PASS_ROW("Consignment", STATE_WCO_CONSIGNMENT),
    PASS_ROW("Destination", STATE_WCO_DESTINATION),
    PASS_ROW("ExportCountry", STATE_WCO_EXPORT_COUNTRY),
    EACH_ROW("GovernmentAgencyGoodsItem", STATE_WCO_ITEM, Declaration, goods_items, item_part),
    EACH_ROW("PreviousDocument", STATE_WCO_REFERENCE, Declaration, references, reference_part),
    EACH_ROW("AdditionalDocument", STATE_WCO_REFERENCE, Declaration, references, reference_part),
    EACH_ROW("Importer", STATE_WCO_PARTY, Declaration, parties, importer_part),
    EACH_ROW("Exporter", STATE_WCO_PARTY, Declaration, parties, exporter_part),
    EACH_ROW("Buyer", STATE_WCO_PARTY, Declaration, parties, buyer_part),
    EACH_ROW("Seller", STATE_WCO_PARTY, Declaration, parties, seller_part),
    EACH_ROW("Consignee", STATE_WCO_PARTY, Declaration, parties, consignee_part),
    EACH_ROW("Consignor", STATE_WCO_PARTY, Declaration, parties, consignor_part),
    EACH_ROW("Warehouse", STATE_WCO_LOCATION, Declaration, locations, warehouse_part),
    END_ROW,
};
static const struct element destination_rows[] = {TEXT_ROW("CountryCode", Declaration, import_country_code),
                                                  END_ROW};
static const struct element export_rows[] = {TEXT_ROW("ID", Declaration, export_country_code), END_ROW};
static const struct element office_rows[] = {TEXT_ROW("ID", Declaration, office_code), END_ROW};
static const struct element supervision_rows[] = {TEXT_ROW("ID", Declaration, supervising_office_code),
                                                  END_ROW};

static const struct element consignment_rows[] = {
    TEXT_ROW("ContainerCode", Declaration, container_flag),
    EACH_ROW("ArrivalTransportMeans", STATE_WCO_MEANS, Declaration, transport_means, arrival_part),
    EACH_ROW("DepartureTransportMeans", STATE_WCO_MEANS, Declaration, transport_means, departure_part),
    EACH_ROW("TransportEquipment", STATE_WCO_EQUIPMENT, Declaration, equipment, container_part),
    EACH_ROW("GoodsLocation", STATE_WCO_LOCATION, Declaration, locations, goods_location_part),
    EACH_ROW("LoadingLocation", STATE_WCO_LOCATION, Declaration, locations, loading_part),
    EACH_ROW("UnloadingLocation", STATE_WCO_LOCATION, Declaration, locations, unloading_part),
    EACH_ROW("Carrier", STATE_WCO_PARTY, Declaration, parties, carrier_part),
    EACH_ROW("Consignor", STATE_WCO_PARTY, Declaration, parties, consignor_part),
    EACH_ROW("Consignee", STATE_WCO_PARTY, Declaration, parties, consignee_part),
    END_ROW,
};

static const struct element item_rows[] = {
    TEXT_ROW("SequenceNumeric", Item, number),
    VALUE_ROW("StatisticalValueAmount", Item, values, "StatisticalValueAmount"),
    EACH_ROW("AdditionalDocument", STATE_WCO_REFERENCE, Item, references, reference_part),
    EACH_ROW("PreviousDocument", STATE_WCO_REFERENCE, Item, references, reference_part),
    PASS_ROW("Commodity", STATE_WCO_COMMODITY),
    PASS_ROW("GovernmentProcedure", STATE_WCO_PROCEDURE),
    PASS_ROW("Origin", STATE_WCO_ORIGIN),
    PASS_ROW("Packaging", STATE_WCO_PACKAGING),
    END_ROW,
};
static const struct element commodity_rows[] = {
    PERSONAL_ROW("Description", HUB_FREE_TEXT, Item, description),
    PASS_ROW("Classification", STATE_WCO_CLASSIFICATION),
    PASS_ROW("GoodsMeasure", STATE_WCO_MEASURE),
    PASS_ROW("InvoiceLine", STATE_WCO_LINE),
    PASS_ROW("TransportEquipment", STATE_WCO_ITEM_EQUIPMENT),
    EACH_ROW("DutyTaxFee", STATE_WCO_DUTY, Item, values, amount_part),
    END_ROW,
};
static const struct element classification_rows[] = {TEXT_ROW("ID", Item, commodity_code), END_ROW};
static const struct element origin_rows[] = {TEXT_ROW("CountryCode", Item, origin_code), END_ROW};
static const struct element measure_rows[] = {
    ELEMENT_ROW("GrossMassMeasure", ELEMENT_WEIGHT, STATE_VALUE, offsetof(Item, gross_weight_kg), 0, 0),
    ELEMENT_ROW("NetNetWeightMeasure", ELEMENT_WEIGHT, STATE_VALUE, offsetof(Item, net_weight_kg), 0, 0),
    NUMBER_ROW("TariffQuantity", Item, quantity),
    END_ROW,
};
static const struct element line_rows[] = {VALUE_ROW("ItemChargeAmount", Item, values, "ItemChargeAmount"),
                                           END_ROW};
static const struct element item_equipment_rows[] = {TEXTS_ROW("ID", Item, container_numbers), END_ROW};
static const struct element procedure_rows[] = {
    TEXTS_ROW("CurrentCode", Item, procedure_codes),
    TEXTS_ROW("PreviousCode", Item, procedure_codes),
    END_ROW,
};
static const struct element packaging_rows[] = {
    NUMBER_ROW("QuantityQuantity", Item, package_count),
    TEXT_ROW("TypeCode", Item, package_type_code),
    END_ROW,
};
static const struct element duty_rows[] = {
    TEXT_ROW("TypeCode", Amount, type_code),
    PASS_ROW("Payment", STATE_WCO_DUTY),
    ELEMENT_ROW("PaymentAmount", ELEMENT_MONEY, STATE_VALUE, offsetof(Amount, amount),
                offsetof(Amount, currency), 0),
    END_ROW,
};

static const struct element party_rows[] = {
    SCRAP_ROW("ID", id),
    SCRAP_ROW("Name", name),
    TEXT_ROW("RoleCode", Party, role_code),
    TEXT_ROW("CategoryCode", Party, role_code),
    TEXT_ROW("FunctionCode", Party, role_code),
    PASS_ROW("Address", STATE_WCO_ADDRESS),
    END_ROW,
};
static const struct element address_rows[] = {
    TEXT_ROW("CountryCode", Party, country_code),
    TEXT_ROW("CityName", Party, city),
    PERSONAL_ROW("Line", HUB_ADDRESS, Party, address),
    END_ROW,
};
static const struct element means_rows[] = {
    SCRAP_ROW("ID", id),
    SCRAP_ROW("Name", name),
    SCRAP_ROW("ModeCode", mode),
    TEXT_ROW("IdentificationTypeCode", Means, id_type_code),
    TEXT_ROW("RegistrationNationalityCode", Means, nationality_code),
    TEXT_ROW("JourneyID", Means, journey),
    END_ROW,
};
static const struct element equipment_rows[] = {
    TEXT_ROW("ID", Equipment, number),
    EACH_ROW("Seal", STATE_WCO_SEAL, Equipment, seals, seal_part),
    END_ROW,
};
static const struct element seal_rows[] = {TEXT_ROW("ID", Seal, number), END_ROW};
static const struct element location_rows[] = {
    TEXT_ROW("ID", Location, code),
    TEXT_ROW("Name", Location, name),
    TEXT_ROW("TypeCode", Location, type_code),
    END_ROW,
};
static const struct element reference_rows[] = {
    JOIN_ROW("CategoryCode", 0, Reference, type_code),
    JOIN_ROW("TypeCode", 0, Reference, type_code),
    TEXT_ROW("ID", Reference, number),
    END_ROW,
};
static const struct element error_rows[] = {
    TEXT_ROW("ValidationCode", Error, code),
    PERSONAL_ROW("Description", HUB_FREE_TEXT, Error, description),
    PASS_ROW("Pointer", STATE_WCO_POINTER),
    END_ROW,
};
static const struct element pointer_rows[] = {
    JOIN_ROW("DocumentSectionCode", '/', Error, pointer),
    JOIN_ROW("SequenceNumeric", '.', Error, pointer),
    JOIN_ROW("TagID", '/', Error, pointer),
    END_ROW,
};

const struct element *const wco_elements[STATES] = {
    [STATE_WCO] = wco_rows,
    [STATE_WCO_DECLARATION] = declaration_rows,
    [STATE_WCO_RESPONSE] = response_rows,
    [STATE_WCO_TIME] = time_rows,
    [STATE_WCO_STATUS] = status_rows,
    [STATE_WCO_SHIPMENT] = shipment_rows,
    [STATE_WCO_DESTINATION] = destination_rows,
    [STATE_WCO_EXPORT_COUNTRY] = export_rows,
    [STATE_WCO_OFFICE] = office_rows,
    [STATE_WCO_SUPERVISION] = supervision_rows,
    [STATE_WCO_CONSIGNMENT] = consignment_rows,
    [STATE_WCO_ITEM] = item_rows,
    [STATE_WCO_COMMODITY] = commodity_rows,
    [STATE_WCO_CLASSIFICATION] = classification_rows,
    [STATE_WCO_ORIGIN] = origin_rows,
    [STATE_WCO_MEASURE] = measure_rows,
    [STATE_WCO_LINE] = line_rows,
    [STATE_WCO_ITEM_EQUIPMENT] = item_equipment_rows,
    [STATE_WCO_PROCEDURE] = procedure_rows,
    [STATE_WCO_PACKAGING] = packaging_rows,
    [STATE_WCO_DUTY] = duty_rows,
    [STATE_WCO_PARTY] = party_rows,
    [STATE_WCO_ADDRESS] = address_rows,
    [STATE_WCO_MEANS] = means_rows,
    [STATE_WCO_EQUIPMENT] = equipment_rows,
    [STATE_WCO_SEAL] = seal_rows,
    [STATE_WCO_LOCATION] = location_rows,
    [STATE_WCO_REFERENCE] = reference_rows,
    [STATE_WCO_ERROR] = error_rows,
    [STATE_WCO_POINTER] = pointer_rows,
};

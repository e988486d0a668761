// The door to librdkafka: its public header, its mock cluster, and what the C importer of Swift cannot take as it is.
#ifndef CRDKAFKA_SHIM_H
#define CRDKAFKA_SHIM_H

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

/// The partition that leaves the choice to the partitioner.
static const int32_t crdkafka_partition_unassigned = RD_KAFKA_PARTITION_UA;

#endif

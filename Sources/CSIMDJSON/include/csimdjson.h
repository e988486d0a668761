#ifndef CSIMDJSON_H
#define CSIMDJSON_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A plain C door to simdjson: whole-document validation, flattening into tokens, selection of members by path.
///
/// No function lets a C++ exception out. Pointers handed out stay valid until the workspace they came from is released.

/// How a call ended. simdjson does not promise which of several faults of a document it names.
typedef enum csimdjson_status {
    CSIMDJSON_OK = 0,
    CSIMDJSON_MALFORMED = 1,
    /// More containers inside each other than the caller allows.
    CSIMDJSON_DEPTH = 2,
    CSIMDJSON_UTF8 = 3,
    /// A malformed number, an integer outside -2^63 ... 2^64-1, or a magnitude beyond a double's.
    CSIMDJSON_NUMBER = 4,
    CSIMDJSON_MEMORY = 5,
} csimdjson_status;

/// What a value is; 0 stands for "absent".
typedef enum csimdjson_kind {
    CSIMDJSON_ABSENT = 0,
    CSIMDJSON_NULL = 1,
    CSIMDJSON_BOOL = 2,
    CSIMDJSON_INTEGER = 3,
    CSIMDJSON_NUMBER_KIND = 4,
    CSIMDJSON_STRING = 5,
    CSIMDJSON_ARRAY = 6,
    CSIMDJSON_OBJECT = 7,
} csimdjson_kind;

/// What a token or slot holds besides its kind: the member named after the kind (bool: `integer`, 0 or 1).
typedef union csimdjson_payload {
    /// Unescaped UTF-8, not terminated.
    const uint8_t *string;
    int64_t integer;
    double number;
} csimdjson_payload;

/// One value of a flattened document. An object's members follow it as pairs (string, value), an array's elements one by one.
typedef struct csimdjson_token {
    uint32_t kind;
    /// String: bytes; array: elements; object: members; otherwise 0.
    uint32_t count;
    csimdjson_payload payload;
} csimdjson_token;

/// What one path of a selector met.
typedef struct csimdjson_slot {
    uint32_t kind;
    /// String: bytes behind `payload.string`; otherwise 0.
    uint32_t count;
    csimdjson_payload payload;
    /// The value's own bytes in the source, without white space around them.
    const uint8_t *raw;
    size_t raw_length;
} csimdjson_slot;

/// A member name, or a member name inside a member: `parent` is NULL for one level.
typedef struct csimdjson_path {
    const uint8_t *parent;
    size_t parent_length;
    const uint8_t *name;
    size_t name_length;
} csimdjson_path;

/// Parsers and buffers for one document at a time, pooled per thread.
typedef struct csimdjson_workspace csimdjson_workspace;

/// A prepared table of paths; immutable, so any number of threads may use it at once.
typedef struct csimdjson_selector csimdjson_selector;

/// How many bytes must be readable behind a document for it to be read in place.
size_t csimdjson_padding(void);

/// A workspace from this thread's pool, or a new one; NULL when out of memory.
csimdjson_workspace *csimdjson_acquire(void);

/// Gives a workspace back. One that has grown above 4 MiB is shrunk first, so that a huge document leaves nothing behind.
void csimdjson_release(csimdjson_workspace *workspace);

/// Bytes a workspace holds on to at present.
size_t csimdjson_footprint(const csimdjson_workspace *workspace);

/// Validates `bytes` as one JSON document (RFC 8259) of at most `max_depth` (>= 1) nested containers and flattens it.
///
/// `readable` counts from `bytes`: with `csimdjson_padding()` more than `length` the bytes are read in place, otherwise copied first.
csimdjson_status csimdjson_flatten(
    csimdjson_workspace *workspace, const uint8_t *bytes, size_t length, size_t readable, size_t max_depth,
    const csimdjson_token **tokens, size_t *count);

/// Copies `paths`; NULL when out of memory.
csimdjson_selector *csimdjson_selector_create(const csimdjson_path *paths, size_t count);
void csimdjson_selector_destroy(csimdjson_selector *selector);

/// Validates the whole of `bytes` as `csimdjson_flatten` does, then fills one slot per path, in the order of the table.
///
/// Unknown members are ignored; of members with the same name the last one counts. `root_kind` gets the document's own kind; all
/// slots are absent when that is not an object. `slots` must have room for the table.
csimdjson_status csimdjson_select(
    csimdjson_workspace *workspace, const csimdjson_selector *selector, const uint8_t *bytes, size_t length, size_t readable,
    size_t max_depth, csimdjson_slot *slots, uint32_t *root_kind);

#ifdef __cplusplus
}
#endif

#endif

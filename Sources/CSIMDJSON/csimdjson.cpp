#include "csimdjson.h"

#include <simdjson.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dom = simdjson::dom;
namespace ondemand = simdjson::ondemand;

namespace {

// Smallest capacity asked of simdjson: ordinary documents then never make a parser grow.
constexpr size_t minimum_capacity = 4096;
// A workspace bigger than this is emptied when it is given back.
constexpr size_t retained_bytes = 4u << 20;

struct Document {
    const uint8_t *data;
    size_t length;
    // What the caller gave: `data` itself, or what `data` is a padded copy of.
    const uint8_t *source;
};

csimdjson_status status_of(simdjson::error_code error) {
    switch (error) {
    case simdjson::SUCCESS: return CSIMDJSON_OK;
    case simdjson::DEPTH_ERROR: return CSIMDJSON_DEPTH;
    case simdjson::UTF8_ERROR: return CSIMDJSON_UTF8;
    case simdjson::NUMBER_ERROR:
    case simdjson::NUMBER_OUT_OF_RANGE: return CSIMDJSON_NUMBER;
    case simdjson::MEMALLOC:
    case simdjson::CAPACITY: return CSIMDJSON_MEMORY;
    default: return CSIMDJSON_MALFORMED;
    }
}

} // namespace

struct csimdjson_workspace {
    dom::parser parser;
    dom::document tree;
    size_t parser_depth = 0;
    ondemand::parser cursor;
    std::vector<csimdjson_token> tokens;
    std::unique_ptr<uint8_t[]> padded;
    size_t padded_capacity = 0;
    // Bytes of input the two parsers are ready for, as asked for below.
    size_t parser_capacity = 0;
    size_t cursor_capacity = 0;

    // simdjson keeps per input byte: 4 of structural index and 8 of tape (DOM), 5/3 of strings, rounded up here.
    size_t footprint() const {
        return parser_capacity * 14 + cursor_capacity * 6 + padded_capacity + tokens.capacity() * sizeof(csimdjson_token);
    }

    void shrink() {
        this->parser = dom::parser();
        this->tree = dom::document();
        this->parser_depth = this->parser_capacity = 0;
        this->cursor = ondemand::parser();
        this->cursor_capacity = 0;
        std::vector<csimdjson_token>().swap(this->tokens);
        this->padded.reset();
        this->padded_capacity = 0;
    }

    Document document(const uint8_t *bytes, size_t length, size_t readable) {
        if (length > 0 && readable >= length && readable - length >= simdjson::SIMDJSON_PADDING) { return {bytes, length, bytes}; }
        const size_t needed = length + simdjson::SIMDJSON_PADDING;
        if (this->padded_capacity < needed) {
            const size_t capacity = std::max(needed + needed / 2, minimum_capacity);
            this->padded.reset();
            this->padded_capacity = 0;
            this->padded.reset(new uint8_t[capacity]());
            this->padded_capacity = capacity;
        }
        if (length > 0) { std::memcpy(this->padded.get(), bytes, length); }
        std::memset(this->padded.get() + length, 0, simdjson::SIMDJSON_PADDING);
        return {this->padded.get(), length, bytes};
    }

    simdjson::error_code parse_once(const Document &document, size_t depth, dom::element &root) {
        if (this->parser_capacity < document.length || this->parser_depth != depth) {
            size_t capacity = std::max(this->parser_capacity, minimum_capacity);
            if (capacity < document.length) { capacity = document.length + document.length / 4; }
            this->parser_depth = 0;
            if (auto error = this->parser.allocate(capacity, depth)) { return error; }
            if (this->tree.capacity() < capacity) {
                if (auto error = this->tree.allocate(capacity)) { return error; }
            }
            this->parser_capacity = capacity;
            this->parser_depth = depth;
        }
        return this->parser.parse_into_document(this->tree, document.data, document.length, false).get(root);
    }

    // simdjson counts open containers exclusively (max_depth 3 lets two be open) but does not count an empty one at all. So a parse
    // with `max_depth` never lets too deep a document through and refuses only some that are exactly as deep as allowed: those are
    // parsed again with one more and measured.
    simdjson::error_code parse(const Document &document, size_t max_depth, dom::element &root) {
        if (document.length == 0) { return simdjson::EMPTY; }
        auto error = this->parse_once(document, max_depth, root);
        if (error != simdjson::DEPTH_ERROR) { return error; }
        error = this->parse_once(document, max_depth + 1, root);
        return error == simdjson::SUCCESS && is_deeper(root, max_depth) ? simdjson::DEPTH_ERROR : error;
    }

    static bool is_deeper(dom::element value, size_t limit) {
        switch (value.type()) {
        case dom::element_type::ARRAY:
            if (limit == 0) { return true; }
            for (auto child : dom::array(value.get_array().value_unsafe())) {
                if (is_deeper(child, limit - 1)) { return true; }
            }
            return false;
        case dom::element_type::OBJECT:
            if (limit == 0) { return true; }
            for (auto member : dom::object(value.get_object().value_unsafe())) {
                if (is_deeper(member.value, limit - 1)) { return true; }
            }
            return false;
        default: return false;
        }
    }

    void push(uint32_t kind, int64_t integer) {
        csimdjson_token token{kind, 0, {}};
        token.payload.integer = integer;
        this->tokens.push_back(token);
    }

    void push_number(double number) {
        csimdjson_token token{CSIMDJSON_NUMBER_KIND, 0, {}};
        token.payload.number = number;
        this->tokens.push_back(token);
    }

    void push_string(std::string_view string) {
        csimdjson_token token{CSIMDJSON_STRING, uint32_t(string.size()), {}};
        token.payload.string = reinterpret_cast<const uint8_t *>(string.data());
        this->tokens.push_back(token);
    }

    // Recurses once per level; the depth is bounded by the parse before.
    void flatten(dom::element value) {
        switch (value.type()) {
        case dom::element_type::NULL_VALUE: this->push(CSIMDJSON_NULL, 0); break;
        case dom::element_type::BOOL: this->push(CSIMDJSON_BOOL, value.get_bool().value_unsafe() ? 1 : 0); break;
        case dom::element_type::INT64: this->push(CSIMDJSON_INTEGER, value.get_int64().value_unsafe()); break;
        case dom::element_type::UINT64: this->push_number(double(value.get_uint64().value_unsafe())); break;
        case dom::element_type::DOUBLE: this->push_number(value.get_double().value_unsafe()); break;
        case dom::element_type::STRING: this->push_string(value.get_string().value_unsafe()); break;
        case dom::element_type::ARRAY: {
            const size_t position = this->tokens.size();
            uint32_t count = 0;
            this->push(CSIMDJSON_ARRAY, 0);
            for (auto child : dom::array(value.get_array().value_unsafe())) {
                this->flatten(child);
                count += 1;
            }
            this->tokens[position].count = count;
            break;
        }
        case dom::element_type::OBJECT: {
            const size_t position = this->tokens.size();
            uint32_t count = 0;
            this->push(CSIMDJSON_OBJECT, 0);
            for (auto member : dom::object(value.get_object().value_unsafe())) {
                this->push_string(member.key);
                this->flatten(member.value);
                count += 1;
            }
            this->tokens[position].count = count;
            break;
        }
        }
    }

    simdjson::error_code iterate(const Document &document, ondemand::document &result) {
        if (this->cursor_capacity < document.length) {
            const size_t capacity = std::max(document.length + document.length / 4, minimum_capacity);
            if (auto error = this->cursor.allocate(capacity)) { return error; }
            this->cursor_capacity = capacity;
        }
        return this->cursor.iterate(document.data, document.length, document.length + simdjson::SIMDJSON_PADDING).get(result);
    }
};

namespace {

constexpr size_t no_slot = size_t(-1);

struct Member {
    std::string name;
    size_t slot = no_slot;
    std::vector<Member> members;
};

Member &member_named(std::vector<Member> &members, std::string_view name) {
    for (auto &member : members) {
        if (member.name == name) { return member; }
    }
    members.push_back(Member{std::string(name), no_slot, {}});
    return members.back();
}

const Member *find(const std::vector<Member> &members, std::string_view name) {
    for (const auto &member : members) {
        if (std::string_view(member.name) == name) { return &member; }
    }
    return nullptr;
}

std::string_view without_trailing_space(std::string_view text) {
    while (!text.empty() && (text.back() == ' ' || text.back() == '\n' || text.back() == '\r' || text.back() == '\t')) {
        text.remove_suffix(1);
    }
    return text;
}

uint32_t kind_of(dom::element value) {
    switch (value.type()) {
    case dom::element_type::NULL_VALUE: return CSIMDJSON_NULL;
    case dom::element_type::BOOL: return CSIMDJSON_BOOL;
    case dom::element_type::INT64: return CSIMDJSON_INTEGER;
    case dom::element_type::UINT64:
    case dom::element_type::DOUBLE: return CSIMDJSON_NUMBER_KIND;
    case dom::element_type::STRING: return CSIMDJSON_STRING;
    case dom::element_type::ARRAY: return CSIMDJSON_ARRAY;
    case dom::element_type::OBJECT: return CSIMDJSON_OBJECT;
    }
    return CSIMDJSON_ABSENT;
}

// Fills slots from an object's members, one pass over the structural index of an already validated document.
class Filler {
public:
    Filler(csimdjson_workspace &workspace, const Document &document, csimdjson_slot *slots)
        : workspace(workspace), document(document), slots(slots) {}

    simdjson::error_code fill_members(ondemand::object object, const std::vector<Member> &wanted) {
        for (auto entry : object) {
            ondemand::field field;
            if (auto error = std::move(entry).get(field)) { return error; }
            std::string_view name;
            if (auto error = field.unescaped_key().get(name)) { return error; }
            const Member *member = find(wanted, name);
            if (member == nullptr) { continue; }
            if (auto error = this->fill(field.value(), *member)) { return error; }
        }
        return simdjson::SUCCESS;
    }

private:
    csimdjson_workspace &workspace;
    const Document &document;
    csimdjson_slot *slots;

    void clear(const Member &member) {
        if (member.slot != no_slot) { this->slots[member.slot] = csimdjson_slot{}; }
        for (const auto &child : member.members) { this->clear(child); }
    }

    void set_raw(csimdjson_slot &slot, std::string_view text) {
        text = without_trailing_space(text);
        slot.raw = this->document.source + (reinterpret_cast<const uint8_t *>(text.data()) - this->document.data);
        slot.raw_length = text.size();
    }

    simdjson::error_code fill(ondemand::value value, const Member &member) {
        this->clear(member); // an earlier member of the same name, and what was found inside it
        ondemand::json_type type;
        if (auto error = value.type().get(type)) { return error; }
        ondemand::object object;
        if (type == ondemand::json_type::object) {
            if (auto error = value.get_object().get(object)) { return error; }
        }
        if (member.slot != no_slot) {
            csimdjson_slot &slot = this->slots[member.slot];
            if (auto error = this->fill_slot(value, type, object, slot)) { return error; }
            if (type != ondemand::json_type::object || member.members.empty()) { return simdjson::SUCCESS; }
            if (auto error = object.reset().error()) { return error; }
        }
        if (type != ondemand::json_type::object) { return simdjson::SUCCESS; }
        return this->fill_members(object, member.members);
    }

    // `object` is the value's own when that is one; it is read to its end.
    simdjson::error_code fill_slot(ondemand::value value, ondemand::json_type type, ondemand::object &object, csimdjson_slot &slot) {
        std::string_view text;
        switch (type) {
        case ondemand::json_type::object:
            if (auto error = object.raw_json().get(text)) { return error; }
            this->set_raw(slot, text);
            slot.kind = CSIMDJSON_OBJECT;
            return simdjson::SUCCESS;
        case ondemand::json_type::array: {
            ondemand::array array;
            if (auto error = value.get_array().get(array)) { return error; }
            if (auto error = array.raw_json().get(text)) { return error; }
            this->set_raw(slot, text);
            slot.kind = CSIMDJSON_ARRAY;
            return simdjson::SUCCESS;
        }
        default: break;
        }
        this->set_raw(slot, value.raw_json_token());
        switch (type) {
        case ondemand::json_type::string: return this->fill_string(value, slot);
        case ondemand::json_type::number: {
            int64_t integer;
            if (value.get_int64().get(integer) == simdjson::SUCCESS) {
                slot.kind = CSIMDJSON_INTEGER;
                slot.payload.integer = integer;
                return simdjson::SUCCESS;
            }
            // Not get_double() or get_number(): on demand, 3.0.1 misreads numbers of more than 18 digits (0.1234567890123456789012).
            // The tree parser reads them right, and its tree is not needed any more.
            const Document token{this->document.data + (slot.raw - this->document.source), slot.raw_length, slot.raw};
            dom::element number;
            if (auto error = this->workspace.parse_once(token, this->workspace.parser_depth, number)) { return error; }
            slot.kind = CSIMDJSON_NUMBER_KIND;
            return number.get_double().get(slot.payload.number);
        }
        case ondemand::json_type::boolean: {
            bool flag;
            if (auto error = value.get_bool().get(flag)) { return error; }
            slot.kind = CSIMDJSON_BOOL;
            slot.payload.integer = flag ? 1 : 0;
            return simdjson::SUCCESS;
        }
        default:
            slot.kind = CSIMDJSON_NULL;
            return simdjson::SUCCESS;
        }
    }

    simdjson::error_code fill_string(ondemand::value value, csimdjson_slot &slot) {
        slot.kind = CSIMDJSON_STRING;
        if (std::memchr(slot.raw, '\\', slot.raw_length) == nullptr) {
            slot.payload.string = slot.raw + 1;
            slot.count = uint32_t(slot.raw_length - 2);
            return simdjson::SUCCESS;
        }
        std::string_view text;
        if (auto error = value.get_string().get(text)) { return error; }
        slot.payload.string = reinterpret_cast<const uint8_t *>(text.data());
        slot.count = uint32_t(text.size());
        return simdjson::SUCCESS;
    }
};

// Idle workspaces of one thread: two, because a selection's body may itself parse or select.
struct Pool {
    csimdjson_workspace *idle[2] = {nullptr, nullptr};
    ~Pool() {
        for (auto &workspace : this->idle) {
            delete workspace;
            workspace = nullptr;
        }
    }
};

thread_local Pool pool;

} // namespace

struct csimdjson_selector {
    std::vector<Member> members;
    size_t count = 0;
};

size_t csimdjson_padding(void) { return simdjson::SIMDJSON_PADDING; }

csimdjson_workspace *csimdjson_acquire(void) {
    for (auto &workspace : pool.idle) {
        if (workspace != nullptr) { return std::exchange(workspace, nullptr); }
    }
    try {
        return new csimdjson_workspace();
    } catch (...) {
        return nullptr;
    }
}

void csimdjson_release(csimdjson_workspace *workspace) {
    if (workspace == nullptr) { return; }
    if (workspace->footprint() > retained_bytes) { workspace->shrink(); }
    for (auto &idle : pool.idle) {
        if (idle == nullptr) {
            idle = workspace;
            return;
        }
    }
    delete workspace;
}

size_t csimdjson_footprint(const csimdjson_workspace *workspace) { return workspace->footprint(); }

csimdjson_status csimdjson_flatten(
    csimdjson_workspace *workspace, const uint8_t *bytes, size_t length, size_t readable, size_t max_depth,
    const csimdjson_token **tokens, size_t *count) {
    *tokens = nullptr;
    *count = 0;
    try {
        const Document document = workspace->document(bytes, length, readable);
        dom::element root;
        if (auto error = workspace->parse(document, max_depth, root)) { return status_of(error); }
        workspace->tokens.clear();
        workspace->flatten(root);
        *tokens = workspace->tokens.data();
        *count = workspace->tokens.size();
        return CSIMDJSON_OK;
    } catch (...) {
        return CSIMDJSON_MEMORY;
    }
}

csimdjson_selector *csimdjson_selector_create(const csimdjson_path *paths, size_t count) {
    try {
        auto selector = std::make_unique<csimdjson_selector>();
        for (size_t i = 0; i < count; i++) {
            const csimdjson_path &path = paths[i];
            auto *members = &selector->members;
            if (path.parent != nullptr) {
                const std::string_view parent(reinterpret_cast<const char *>(path.parent), path.parent_length);
                members = &member_named(*members, parent).members;
            }
            member_named(*members, std::string_view(reinterpret_cast<const char *>(path.name), path.name_length)).slot = i;
        }
        selector->count = count;
        return selector.release();
    } catch (...) {
        return nullptr;
    }
}

void csimdjson_selector_destroy(csimdjson_selector *selector) { delete selector; }

csimdjson_status csimdjson_select(
    csimdjson_workspace *workspace, const csimdjson_selector *selector, const uint8_t *bytes, size_t length, size_t readable,
    size_t max_depth, csimdjson_slot *slots, uint32_t *root_kind) {
    std::fill_n(slots, selector->count, csimdjson_slot{});
    *root_kind = CSIMDJSON_ABSENT;
    try {
        const Document document = workspace->document(bytes, length, readable);
        dom::element root;
        if (auto error = workspace->parse(document, max_depth, root)) { return status_of(error); }
        *root_kind = kind_of(root);
        if (*root_kind != CSIMDJSON_OBJECT) { return CSIMDJSON_OK; }
        ondemand::document cursor;
        if (auto error = workspace->iterate(document, cursor)) { return status_of(error); }
        ondemand::object object;
        if (auto error = cursor.get_object().get(object)) { return status_of(error); }
        return status_of(Filler(*workspace, document, slots).fill_members(object, selector->members));
    } catch (...) {
        return CSIMDJSON_MEMORY;
    }
}

#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dedalus::wire_table {

/// A member of a wire struct as the library describes it.
struct member
{
    std::string name;
    std::string type;  ///< in words of JSON: "string | [int]"; structs and unions by name
};

/// A struct, or a union of structs, of the wire as the library describes it.
struct described_type
{
    std::string name;
    std::vector<member> members;  ///< of a struct, the tag included
    std::string alternatives;     ///< of a union
};

/// All structs and unions of src/codec/wire_types.hpp, from their descriptions.
std::vector<described_type> described_types();

/// A field that the API documents: a row of wire_fields.tsv.
struct documented_field
{
    std::string owner;  ///< struct
    std::string name;
    std::string type;
    bool nullable;
    std::string section;
    std::string documented_by;
    std::string elsewhere;  ///< where the field is when it is no member; "-" otherwise
};

/// Throws std::runtime_error when the file cannot be read or a row has not seven columns.
std::vector<documented_field> read_documented_fields(const std::string& path);

/// The member of this name; null when there is none.
const member* find_member(const std::vector<described_type>& types, std::string_view owner, std::string_view name);

/// docs/wire.md.
std::string markdown(const std::vector<described_type>& types, const std::vector<documented_field>& fields);

}  // namespace dedalus::wire_table

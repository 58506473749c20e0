#include "wire/wire_table.hpp"

#include "codec/wire_description.hpp"
#include "codec/wire_tag.hpp"
#include "wire/type_names.hpp"

#include <boost/mp11/algorithm.hpp>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <type_traits>

namespace dedalus::wire_table {

namespace {

template <class T>
described_type describe_struct()
{
    described_type described{std::string(declared_name<T>), {}, {}};
    if (!codec::tag_name_of<T>.empty())
        described.members.push_back({std::string(codec::tag_name_of<T>), "string"});
    boost::mp11::mp_for_each<typename codec::described_members<T>::type>([&](auto member) {
        using type = std::remove_cvref_t<decltype(std::declval<T&>().*decltype(member)::pointer)>;
        described.members.push_back({decltype(member)::name, type_name<type>::text()});
    });
    return described;
}

template <class T>
void add_union(std::vector<described_type>& types)
{
    if (is_open_union<T>)
        types.push_back({std::string(declared_name<T>), {}, alternatives_of(static_cast<const T*>(nullptr))});
}

std::vector<std::string> columns_of(const std::string& line)
{
    std::vector<std::string> columns;
    std::istringstream in(line);
    for (std::string column; std::getline(in, column, '\t');)
        columns.push_back(column);
    return columns;
}

std::string code(std::string_view text)
{
    std::string cell = "`";
    for (const char c : text)
        cell.append(c == '|' ? "\\|" : std::string(1, c));
    return cell.append("`");
}

const documented_field*
find_field(const std::vector<documented_field>& fields, std::string_view owner, std::string_view name)
{
    const auto found = std::find_if(fields.begin(), fields.end(), [&](const documented_field& field) {
        return field.owner == owner && field.name == name;
    });
    return found == fields.end() ? nullptr : &*found;
}

void write_struct(const described_type& type, const std::vector<documented_field>& fields, std::ostream& out)
{
    out << "\n## `" << type.name << "`\n\n| field | type | null | C++ | documented by |\n|---|---|---|---|---|\n";
    for (const member& m : type.members) {
        const documented_field* field = find_field(fields, type.name, m.name);
        out << "| " << code(m.name) << " | " << code(m.type) << " | " << (field && field->nullable ? "yes" : "")
            << " | " << code(type.name + "::" + m.name) << " | " << (field ? field->documented_by : "-") << " |\n";
    }
}

void write_fields_without_member(const std::vector<documented_field>& fields, std::ostream& out)
{
    out << "\n## Fields that are no member\n\n| field | type | C++ | documented by |\n|---|---|---|---|\n";
    for (const documented_field& field : fields) {
        if (field.elsewhere != "-")
            out << "| " << code(field.owner + "." + field.name) << " | " << code(field.type) << " | "
                << code(field.elsewhere) << " | " << field.documented_by << " |\n";
    }
}

constexpr std::string_view introduction =
    R"(# Fields of the wire

Every field of `POST /v1/chat/completions`, of its answers, chunks and errors, and where it is in C++. This page is
generated from the descriptions that the library reads and writes with, and from `test/wire/wire_fields.tsv`, the
fields that the API documents; a test fails when the page is old, or when a documented field has no member.

Types: `[T]` is an array, `map<T>` an object with free keys, `object` and `any` are free JSON. Every struct also has
`extra`, which keeps what it does not know. "null" says that the API takes an explicit null, which goes through `extra`,
or through `nulls` in the structs that have it.

Documented by: `spec` the API's OpenAPI file, `rest` its REST reference, `go` `ts` `py` the pages of its SDKs, `sdk` the
code of its SDKs; `openai` `mistral` `xai` the documentation of these providers; `-` nobody.
)";

}  // namespace

std::vector<described_type> described_types()
{
    std::vector<described_type> types;
#define DEDALUS_ADD_STRUCT(type) types.push_back(describe_struct<dedalus::type>());
#define DEDALUS_ADD_UNION(type) add_union<dedalus::type>(types);
    DEDALUS_WIRE_REQUEST_STRUCTS(DEDALUS_ADD_STRUCT)
    DEDALUS_WIRE_MESSAGE_STRUCTS(DEDALUS_ADD_STRUCT)
    DEDALUS_WIRE_TOOL_STRUCTS(DEDALUS_ADD_STRUCT)
    DEDALUS_WIRE_ANSWER_STRUCTS(DEDALUS_ADD_STRUCT)
    DEDALUS_WIRE_REQUEST_VARIANTS(DEDALUS_ADD_UNION)
    DEDALUS_WIRE_MESSAGE_VARIANTS(DEDALUS_ADD_UNION)
    DEDALUS_WIRE_TOOL_VARIANTS(DEDALUS_ADD_UNION)
#undef DEDALUS_ADD_STRUCT
#undef DEDALUS_ADD_UNION
    return types;
}

std::vector<documented_field> read_documented_fields(const std::string& path)
{
    std::ifstream in(path);
    if (!in)
        throw std::runtime_error("cannot read " + path);
    std::vector<documented_field> fields;
    for (std::string line; std::getline(in, line);) {
        if (line.starts_with('#'))
            continue;
        const std::vector<std::string> column = columns_of(line);
        if (column.size() != 7)
            throw std::runtime_error("not seven columns: " + line);
        fields.push_back({column[0], column[1], column[2], column[3] == "null", column[4], column[5], column[6]});
    }
    return fields;
}

const member* find_member(const std::vector<described_type>& types, std::string_view owner, std::string_view name)
{
    for (const described_type& type : types) {
        if (type.name != owner)
            continue;
        for (const member& m : type.members) {
            if (m.name == name)
                return &m;
        }
    }
    return nullptr;
}

std::string markdown(const std::vector<described_type>& types, const std::vector<documented_field>& fields)
{
    std::ostringstream out;
    out << introduction;
    for (const described_type& type : types) {
        if (type.alternatives.empty())
            write_struct(type, fields, out);
    }
    out << "\n## Unions\n\n| union | alternatives |\n|---|---|\n";
    for (const described_type& type : types) {
        if (!type.alternatives.empty())
            out << "| " << code(type.name) << " | " << code(type.alternatives) << " |\n";
    }
    write_fields_without_member(fields, out);
    return out.str();
}

}  // namespace dedalus::wire_table

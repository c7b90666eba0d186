#include "coordinator/io/yaml_tree.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <exception>
#include <sstream>

namespace ocrs {
namespace {

/// Refuses what the tree cannot hold; caught below.
struct Refusal {
  int line = 0;
  std::string why;
};

int line_of(const YAML::Mark& mark) { return mark.is_null() ? 1 : mark.line + 1; }

/// Builds the tree from the parser's events, so that nothing is expanded and every limit holds while reading.
class TreeBuilder : public YAML::EventHandler {
 public:
  YamlNode root;

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    place(node_of(YamlNode::Kind::null, mark, anchor));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    throw Refusal{line_of(mark),
                  "anchors and aliases (& and *) are not supported; write the value out, and quote a "
                  "text that begins with *"};
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    // Plain `~` and `null` mean nothing; quoted ("!" tag) they are texts.
    const bool null = tag == "?" && (value == "~" || value == "null");
    YamlNode node = node_of(null ? YamlNode::Kind::null : YamlNode::Kind::scalar, mark, anchor);
    node.text = value;
    place(std::move(node));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(node_of(YamlNode::Kind::list, mark, anchor));
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(node_of(YamlNode::Kind::map, mark, anchor));
  }
  void OnMapEnd() override { close(); }

 private:
  struct Level {
    YamlNode node;
    YamlKey key;
    bool has_key = false;
  };
  std::vector<Level> open_;
  std::size_t nodes_ = 0;

  YamlNode node_of(YamlNode::Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (anchor != 0) OnAlias(mark, anchor);
    if (++nodes_ > yaml_nodes_max) {
      throw Refusal{line_of(mark), "more than " + std::to_string(yaml_nodes_max) + " values"};
    }
    YamlNode node;
    node.kind = kind;
    node.line = line_of(mark);
    return node;
  }

  void open(YamlNode node) {
    if (!open_.empty() && open_.back().node.kind == YamlNode::Kind::map && !open_.back().has_key) {
      throw Refusal{node.line, "a key is a list or a map, expected a text"};
    }
    if (open_.size() >= yaml_depth_max) {
      throw Refusal{node.line, "nested deeper than " + std::to_string(yaml_depth_max) + " levels"};
    }
    open_.push_back({std::move(node), {}, false});
  }

  void close() {
    YamlNode node = std::move(open_.back().node);
    open_.pop_back();
    place(std::move(node));
  }

  void place(YamlNode node) {
    if (open_.empty()) {
      root = std::move(node);
      return;
    }
    Level& level = open_.back();
    if (level.node.kind == YamlNode::Kind::list) {
      level.node.items.push_back(std::move(node));
    } else if (!level.has_key) {
      level.key = {std::move(node.text), node.line};
      level.has_key = true;
    } else {
      level.node.entries.emplace_back(std::move(level.key), std::move(node));
      level.has_key = false;
    }
  }
};

}  // namespace

const YamlNode* YamlNode::find(std::string_view key) const {
  for (const auto& [name, value] : entries) {
    if (name.text == key) return &value;
  }
  return nullptr;
}

std::string describe(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::null:
      return "nothing";
    case YamlNode::Kind::list:
      return "a list";
    case YamlNode::Kind::map:
      return "a map";
    case YamlNode::Kind::scalar:
      break;
  }
  constexpr std::size_t shown_max = 60;
  return "'" + (node.text.size() > shown_max ? node.text.substr(0, shown_max) + "…" : node.text) + "'";
}

Result<YamlNode> parse_yaml(std::string_view text, std::string_view name) {
  const auto error = [&](int line, const std::string& why) {
    return Error{std::string(name) + ":" + std::to_string(line) + ": " + why};
  };
  if (text.size() > yaml_bytes_max) return error(1, "larger than 1 MiB, expected a configuration file");
  std::istringstream stream{std::string(text)};
  TreeBuilder builder;
  try {
    YAML::Parser parser(stream);
    if (!parser.HandleNextDocument(builder)) return error(1, "empty, expected a configuration");
    TreeBuilder second;
    if (parser.HandleNextDocument(second)) return error(second.root.line, "a second document, expected one only");
  } catch (const Refusal& refusal) {
    return error(refusal.line, refusal.why);
  } catch (const YAML::Exception& exception) {
    // Most often a glob: *.png is an alias to YAML.
    const bool alias = exception.msg.find("anchor") != std::string::npos;
    return error(line_of(exception.mark),
                 "not valid YAML: " + exception.msg + (alias ? "; quote a text that begins with *, as \"*.png\"" : ""));
  } catch (const std::exception& exception) {
    return error(1, std::string("cannot be parsed: ") + exception.what());
  }
  return std::move(builder.root);
}

}  // namespace ocrs

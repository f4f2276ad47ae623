// SPDX-License-Identifier: Apache-2.0
//
// Text → objects and errors: typing of scalars, several documents, lists, the
// exact place of a mistake, and files that mean harm.
#include "loader/kube/manifest_file.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "loader/kube/document_lines.h"
#include "loader/kube/yaml_documents.h"

namespace fairlead::kube {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<json> Documents(const std::string& yaml) {
  std::vector<json> documents;
  const auto failure =
      ReadYamlDocuments(yaml, [&](Document&& d) { documents.push_back(std::move(d.value)); });
  EXPECT_FALSE(failure.has_value()) << failure->reason;
  return documents;
}

std::vector<std::string> Texts(const std::vector<ManifestError>& errors) {
  std::vector<std::string> texts;
  for (const ManifestError& error : errors) texts.push_back(error.ToString());
  return texts;
}

std::vector<std::string> Names(const ManifestContents& contents) {
  std::vector<std::string> names;
  for (const auto& [ref, object] : contents.objects) names.push_back(ref.ToString());
  return names;
}

struct Scalar {
  const char* name;
  const char* yaml;
  json expected;
};

void PrintTo(const Scalar& scalar, std::ostream* os) { *os << scalar.yaml; }

class YamlScalar : public ::testing::TestWithParam<Scalar> {};

TEST_P(YamlScalar, HasTheTypeOfTheCoreSchema) {
  EXPECT_EQ(Documents(fmt::format("v: {}\n", GetParam().yaml)).at(0)["v"], GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Plain, YamlScalar,
    ::testing::Values(Scalar{"Text", "web", "web"}, Scalar{"Quoted", "\"80\"", "80"},
                      Scalar{"SingleQuoted", "'true'", "true"}, Scalar{"EmptyIsNull", "", nullptr},
                      Scalar{"Tilde", "~", nullptr}, Scalar{"Null", "null", nullptr},
                      Scalar{"QuotedNull", "\"null\"", "null"}, Scalar{"EmptyQuoted", "\"\"", ""},
                      Scalar{"True", "True", true}, Scalar{"YesIsText", "yes", "yes"},
                      Scalar{"OnIsText", "on", "on"}, Scalar{"Integer", "80", 80},
                      Scalar{"Negative", "-7", -7}, Scalar{"Plus", "+7", 7},
                      Scalar{"LeadingZeroIsDecimal", "010", 10}, Scalar{"Octal", "0o10", 8},
                      Scalar{"Hex", "0x1F", 31}, Scalar{"Float", "1.5", 1.5},
                      Scalar{"Exponent", "2e3", 2000.0}, Scalar{"DotFirst", ".5", 0.5},
                      Scalar{"Address", "10.0.0.1", "10.0.0.1"},
                      Scalar{"Block", "10.0.0.0/8", "10.0.0.0/8"},
                      Scalar{"Ipv6", "fd00::1", "fd00::1"}, Scalar{"Version", "v1", "v1"},
                      Scalar{"Dash", "\"-\"", "-"}, Scalar{"Sexagesimal", "1:30", "1:30"},
                      Scalar{"Infinity", ".inf", ".inf"},
                      Scalar{"MostPositive", "18446744073709551615", 18446744073709551615u},
                      Scalar{"MostNegative", "-9223372036854775808", INT64_MIN},
                      Scalar{"StringTag", "!!str 80", "80"}, Scalar{"E", "e5", "e5"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(YamlDocuments, AliasesAndMergeKeysAreResolved) {
  const json document = Documents("a: &x {p: 1, q: 2}\nb: *x\nc: {<<: *x, q: 3}\n").at(0);
  EXPECT_EQ(document["b"], (json{{"p", 1}, {"q", 2}}));
  EXPECT_EQ(document["c"], (json{{"p", 1}, {"q", 3}}));
}

TEST(YamlDocuments, EmptyOnesCountButSayNothing) {
  std::vector<int> numbers;
  const auto failure = ReadYamlDocuments("---\n---\na: 1\n---\n# only a remark\n---\nb: 2\n",
                                         [&](Document&& document) {
                                           if (!document.value.is_null())
                                             numbers.push_back(document.number);
                                         });
  EXPECT_FALSE(failure.has_value());
  EXPECT_THAT(numbers, ElementsAre(2, 4));
  EXPECT_THAT(Documents(""), IsEmpty());
  EXPECT_THAT(Documents("# nothing\n"), IsEmpty());
}

struct Attack {
  const char* name;
  const char* file;
  std::string text;
  const char* reason;
};

void PrintTo(const Attack& attack, std::ostream* os) { *os << attack.name; }

std::string Repeat(const char* text, int times) {
  std::string repeated;
  for (int i = 0; i < times; ++i) repeated += text;
  return repeated;
}

std::string Laughs(int levels) {
  std::string text = "a0: &a0 [lol,lol,lol,lol,lol,lol,lol,lol,lol]\n";
  for (int i = 1; i < levels; ++i) {
    text += fmt::format("a{0}: &a{0} [*a{1},*a{1},*a{1},*a{1},*a{1},*a{1},*a{1},*a{1},*a{1}]\n", i,
                        i - 1);
  }
  return text;
}

std::string DeepAliases(int levels) {
  std::string text = "a0: &a0 " + Repeat("[", 60) + Repeat("]", 60) + "\n";
  for (int i = 1; i < levels; ++i) {
    text += fmt::format("a{0}: &a{0} {2}*a{1}{3}\n", i, i - 1, Repeat("[", 60), Repeat("]", 60));
  }
  return text;
}

class HostileFile : public ::testing::TestWithParam<Attack> {};

TEST_P(HostileFile, IsRefusedWithAReason) {
  const ManifestContents contents = ReadManifest(GetParam().file, GetParam().text);
  EXPECT_TRUE(contents.unreadable);
  ASSERT_EQ(contents.errors.size(), 1u);
  EXPECT_THAT(contents.errors[0].reason, HasSubstr(GetParam().reason));
  EXPECT_GE(contents.errors[0].line, 1);
}

INSTANTIATE_TEST_SUITE_P(
    Files, HostileFile,
    ::testing::Values(
        Attack{"BillionLaughs", "a.yaml", Laughs(12), "expand to more than"},
        Attack{"AliasOfItself", "a.yaml", "a: &a [*a]\n", "value it is part of"},
        Attack{"AliasOfNothing", "a.yaml", "a: *b\n", "anchor"},
        Attack{"DepthThroughAliases", "a.yaml", DeepAliases(4), "nested levels"},
        Attack{"DeepFlow", "a.yaml", Repeat("[", 100000) + Repeat("]", 100000), "nested levels"},
        Attack{"DeepFlowMaps", "a.yaml", Repeat("{a: ", 100000) + Repeat("}", 100000),
               "nested levels"},
        Attack{"DeepUnclosed", "a.yaml", Repeat("[", 100000), ""},
        Attack{"DeepBlock", "a.yaml", Repeat("- ", 100000), "nested levels"},
        Attack{"DeepJson", "a.json", Repeat("[", 100000), "nested levels"},
        Attack{"DeepJsonMaps", "a.json", Repeat("{\"a\":", 100000), "nested levels"},
        Attack{"ManyValues", "a.json", "[" + Repeat("1,", 4000001) + "1]", "values in one file"},
        Attack{"MapAsKey", "a.yaml", "{a: 1}: 2\n", "key must be a scalar"},
        Attack{"KeyTwice", "a.yaml", "a: 1\na: 2\n", "is there twice"},
        Attack{"Cut", "a.json", "{\"kind\": \"Serv", "missing closing quote"},
        Attack{"TwoJsonDocuments", "a.json", "{}\n{}", "unexpected"},
        Attack{"NotUtf8", "a.json", "{\"a\": \"\xff\"}", "UTF-8"},
        Attack{"Unclosed", "a.yaml", "a: [1, 2\nb: 3\n", ""}),
    [](const auto& test) { return std::string(test.param.name); });

constexpr char kTwoServices[] = R"(# the shop
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  clusterIP: 10.96.0.10
  ports:
  - port: 80
---
apiVersion: v1
kind: Service
metadata:
  name: api
  namespace: shop
spec:
  clusterIP: 10.96.0.11
  ports:
  - name: http
    protocol: TCP
    port: 70000
)";

TEST(Manifest, AMistakeIsNamedWithDocumentLineAndObject) {
  const ManifestContents contents = ReadManifest("shop.yaml", kTwoServices);
  EXPECT_FALSE(contents.unreadable || contents.anonymous);
  EXPECT_THAT(Names(contents), ElementsAre("Service shop/web"));
  EXPECT_THAT(contents.broken, ElementsAre(ObjectRef{Kind::kService, {"shop", "api"}}));
  EXPECT_THAT(Texts(contents.errors),
              ElementsAre("shop.yaml: document 2, line 20: Service shop/api: "
                          "spec.ports[0].port: must be 1-65535, is 70000"));
}

TEST(Manifest, AMissingFieldHasTheLineOfWhatSurroundsIt) {
  const ManifestContents contents = ReadManifest("s.yml", R"(apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  ports:
  - port: 80
  - name: b
)");
  EXPECT_THAT(Texts(contents.errors), ElementsAre("s.yml: document 1, line 8: Service default/web: "
                                                  "spec.ports[1].port: is required"));
}

TEST(Manifest, ListsOfAnyKindAreOpened) {
  const ManifestContents contents = ReadManifest("l.yaml", R"(apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Namespace, metadata: {name: shop}}
- apiVersion: v1
  kind: ServiceList
  items:
  - metadata: {name: web}
  - metadata: {name: api}
    spec: {type: Odd}
- {apiVersion: v1, kind: ConfigMap, metadata: {name: c}}
---
apiVersion: apps/v1
kind: DeploymentList
items: [{metadata: {name: d}}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSliceList
items: null
)");
  EXPECT_THAT(Names(contents), ElementsAre("Service default/web", "Namespace shop"));
  EXPECT_EQ(contents.ignored, 2);
  ASSERT_EQ(contents.errors.size(), 1u);
  EXPECT_EQ(contents.errors[0].line, 10);
  EXPECT_EQ(contents.errors[0].name, "api");
}

TEST(Manifest, JsonIsReadWithTheSameErrors) {
  const ManifestContents contents = ReadManifest("s.json", R"({
	"kind": "ServiceList",
	"apiVersion": "v1",
	"items": [
		{"metadata": {"name": "web"}},
		{
			"metadata": {"name": "caf\u00e9"},
			"spec": {
				"type": "Odd"
			}
		}
	]
}
)");
  EXPECT_THAT(Names(contents), ElementsAre("Service default/web"));
  ASSERT_EQ(contents.errors.size(), 1u);
  EXPECT_EQ(contents.errors[0].line, 9);
}

TEST(Manifest, SyntaxErrorsHaveTheirLine) {
  const ManifestContents json = ReadManifest("s.json", "{\n \"a\": 1,\n \"b\": }\n");
  ASSERT_EQ(json.errors.size(), 1u);
  EXPECT_EQ(json.errors[0].line, 3);
  const ManifestContents yaml = ReadManifest("s.yaml", "a: 1\n---\nb:\n  - c\n d: [\n");
  ASSERT_EQ(yaml.errors.size(), 1u);
  EXPECT_EQ(yaml.errors[0].document, 2);
  EXPECT_GE(yaml.errors[0].line, 4);
}

TEST(Manifest, AnObjectWithoutKindOrNameMakesTheFileAnonymous) {
  for (const char* text :
       {"apiVersion: v1\nmetadata: {name: x}\n", "kind: Service\nmetadata: {name: x}\n",
        "apiVersion: v1\nkind: Service\nmetadata: {}\n",
        "apiVersion: v1\nkind: Service\nmetadata: {name: x, namespace: 5}\n",
        "apiVersion: v1\nkind: [Service]\n", "just text\n", "- a\n- b\n",
        "apiVersion: v1\nkind: List\nitems: {}\n", "apiVersion: v1\nkind: List\nitems: [1]\n"}) {
    const ManifestContents contents = ReadManifest("x.yaml", text);
    EXPECT_TRUE(contents.anonymous) << text;
    EXPECT_EQ(contents.errors.size(), 1u) << text;
  }
}

TEST(Manifest, TheSameObjectTwiceIsAnErrorAndTheFirstIsUsed) {
  const ManifestContents contents = ReadManifest("x.yaml", R"(
{apiVersion: v1, kind: Service, metadata: {name: web, creationTimestamp: first}}
---
{apiVersion: v1, kind: Service, metadata: {name: web, creationTimestamp: second}}
)");
  ASSERT_EQ(contents.objects.size(), 1u);
  const AnyObject& object = contents.objects.begin()->second.object;
  EXPECT_EQ(std::get<std::shared_ptr<const Service>>(object)->meta.creation_timestamp, "first");
  EXPECT_THAT(Texts(contents.errors),
              ElementsAre("x.yaml: document 2, line 4: Service default/web: is twice in this file; "
                          "the one in document 1 is used"));
}

TEST(Manifest, OnlyVisibleFilesWithTheRightSuffixAreManifests) {
  for (const char* name : {"a.yaml", "b.yml", "c.json"}) EXPECT_TRUE(IsManifestName(name)) << name;
  for (const char* name : {"", ".a.yaml", ".#a.yaml", "a.yaml~", "..data", "a.txt", "yaml"}) {
    EXPECT_FALSE(IsManifestName(name)) << name;
  }
}

TEST(FindLines, KnowsNestedListsAndOddKeys) {
  const std::string text = "a:\n  \"x.y/z\": 1\n  b:\n  - - 1\n    - 2\n---\nc: 3\n";
  EXPECT_THAT(FindLines(text, {{1, "a[\"x.y/z\"]"}, {1, "a.b[0][1]"}, {2, "c"}, {2, "q"}, {3, ""}}),
              ElementsAre(2, 5, 7, 7, 0));
}

}  // namespace
}  // namespace fairlead::kube

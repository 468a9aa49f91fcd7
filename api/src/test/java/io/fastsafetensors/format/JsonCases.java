// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.format;

import static io.fastsafetensors.format.HeaderCase.accept;
import static io.fastsafetensors.format.HeaderCase.rejectJson;

import java.util.List;
import java.util.stream.Stream;

/** Decisions about JSON syntax, {@code __metadata__} and names (format rule 4.3). */
final class JsonCases {
  private static final String A = "'a':{'dtype':'U8','shape':[4],'data_offsets':[0,4]}";
  private static final String OBJECT = "{" + A + "}";

  private JsonCases() {}

  static Stream<HeaderCase> all() {
    return Stream.of(syntax(), metadata(), names(), acceptedNames()).flatMap(List::stream);
  }

  private static List<HeaderCase> syntax() {
    return List.of(
        accept("no tensor", "{}", 0),
        accept("one tensor", OBJECT, 4),
        accept("space padding", OBJECT + "     ", 4),
        accept("leading space", " " + OBJECT, 4),
        accept("leading tab, CR, LF", "\t\r\n" + OBJECT, 4),
        accept("trailing tab, CR, LF", OBJECT + "\t\r\n", 4),
        accept("whitespace everywhere", OBJECT.replace(":", " :\n").replace("[", "[\t"), 4),
        rejectJson("only spaces", "    "),
        rejectJson("NUL padding", OBJECT + "\0\0"),
        rejectJson("NUL after spaces", OBJECT + "  \0"),
        rejectJson("leading NUL", "\0" + OBJECT),
        rejectJson("NUL after the brace", "{\0" + A + "}"),
        rejectJson("form feed", OBJECT + "\f"),
        rejectJson("vertical tab", "\u000b" + OBJECT),
        rejectJson("record separator", "\u001e" + OBJECT),
        rejectJson("no-break space", OBJECT + "\u00a0"),
        rejectJson("line comment", OBJECT + "//x"),
        rejectJson("block comment", "/*x*/" + OBJECT),
        rejectJson("hash comment", OBJECT + "#x"),
        rejectJson("second object", OBJECT + "{}"),
        rejectJson("second value after spaces", OBJECT + " 1"),
        rejectJson("closing brace too many", OBJECT + "}"),
        rejectJson("closing brace missing", "{" + A),
        rejectJson("only an opening brace", "{"),
        rejectJson("trailing comma", "{" + A + ",}"),
        rejectJson("leading comma", "{," + A + "}"),
        rejectJson("two commas", "{" + A + ",,'b':1}"),
        rejectJson("trailing comma in an array", OBJECT.replace("4]}", "4,]}")),
        rejectJson("missing comma", OBJECT.replace("[4],", "[4]")),
        rejectJson("missing colon", OBJECT.replace("'a':", "'a'")),
        rejectJson("wrong bracket", OBJECT.replace("[4]", "[4}")),
        rejectJson("name without quotes", OBJECT.replace("'a'", "a")),
        rejectJson("name in apostrophes", OBJECT.replace("'a'", "\u2019a\u2019")),
        rejectJson("name a number", OBJECT.replace("'a'", "1")),
        rejectJson("an array", "[" + OBJECT + "]"),
        rejectJson("an array of nothing", "[]"),
        rejectJson("null", "null"),
        rejectJson("a number", "1"),
        rejectJson("a string", "'a'"),
        rejectJson("cut word", "{'a':nul}"));
  }

  private static List<HeaderCase> metadata() {
    return List.of(
        accept("metadata", with("{'k':'v','l':''}"), 4),
        accept("metadata empty", with("{}"), 4),
        accept("metadata null", with("null"), 4),
        accept("metadata alone", "{'__metadata__':{'k':'v'}}", 0),
        accept("metadata last", "{" + A + ",'__metadata__':{'k':'v'}}", 4),
        accept("metadata key twice", with("{'k':'v','k':'w'}"), 4),
        accept("metadata key twice, once escaped", with("{'k':'v','\\u006b':'w'}"), 4),
        accept("metadata key __metadata__", with("{'__metadata__':'v'}"), 4),
        accept("metadata key empty", with("{'':'v'}"), 4),
        accept("metadata escaped", with("{'k':'v'}").replace("'__m", "'\\u005f_m"), 4),
        accept("metadata in capitals is a tensor", OBJECT.replace("'a'", "'__METADATA__'"), 4),
        rejectJson("metadata value a number", with("{'k':1}")),
        rejectJson("metadata value null", with("{'k':null}")),
        rejectJson("metadata value a boolean", with("{'k':true}")),
        rejectJson("metadata value an object", with("{'k':{}}")),
        rejectJson("metadata value an array", with("{'k':['v']}")),
        rejectJson("metadata a string", with("'v'")),
        rejectJson("metadata an array", with("[]")),
        rejectJson("metadata a number", with("0")),
        rejectJson("metadata false", with("false")),
        rejectJson("metadata with a tensor's entry", OBJECT.replace("'a'", "'__metadata__'")),
        rejectJson("metadata twice", "{'__metadata__':{},'__metadata__':{}}"),
        rejectJson("metadata twice, null", "{'__metadata__':null,'__metadata__':null}"),
        rejectJson("metadata twice, escaped", "{'__metadata__':{},'\\u005f_metadata__':{}}"),
        rejectJson("metadata value with lone surrogate", with("{'k':'\\ud800'}")),
        rejectJson("metadata key with lone surrogate", with("{'\\udfff':'v'}")),
        rejectJson("metadata value with raw newline", with("{'k':'\n'}")));
  }

  private static List<HeaderCase> names() {
    return List.of(
        rejectJson("name twice", "{" + A + "," + A + "}"),
        rejectJson("name twice, once escaped", "{" + A + "," + A.replace("'a'", "'\\u0061'") + "}"),
        rejectJson("name twice, disjoint", "{" + A.replace('4', '2') + "," + A + "}"),
        rejectJson("lone high surrogate", named("\\ud800")),
        rejectJson("lone low surrogate", named("\\udc00")),
        rejectJson("surrogates swapped", named("\\udc00\\ud800")),
        rejectJson("high surrogate before a letter", named("\\ud800a")),
        rejectJson("high surrogate before an escaped letter", named("\\ud800\\u0061")),
        rejectJson("high surrogate before a raw pair", named("\\ud83d\ud83d\ude00")),
        rejectJson("low surrogate after a raw pair", named("\ud83d\ude00\\ude00")),
        rejectJson("raw newline", named("\n")),
        rejectJson("raw tab", named("\t")),
        rejectJson("raw NUL", named("\0")),
        rejectJson("raw U+001F", named("\u001f")),
        rejectJson("unknown escape", named("\\x41")),
        rejectJson("escaped apostrophe", named("\\\u2019")),
        rejectJson("escape in octal", named("\\0")),
        rejectJson("escape not hexadecimal", named("\\u12G4")),
        rejectJson("escape too short", named("\\u12")),
        rejectJson("escape in capitals", named("\\U0041")),
        rejectJson("name without end", "{'a"),
        rejectJson("backslash at the end", "{'a\\"));
  }

  private static List<HeaderCase> acceptedNames() {
    return List.of(
        accept("name empty", named(""), 4),
        accept("name with escaped NUL", named("\\u0000"), 4),
        accept("name with all escapes", named("\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00Af"), 4),
        accept("name with raw DEL", named("\u007f"), 4),
        accept("name with raw U+0080", named("\u0080"), 4),
        accept("name with raw U+2028", named("\u2028"), 4),
        accept("name with raw U+1F600", named("\ud83d\ude00"), 4),
        accept("name with escaped U+1F600", named("\\ud83d\\uDE00"), 4),
        accept("name of 100,000 characters", named("x".repeat(100_000)), 4),
        accept("name of 100,000 escapes", named("\\u00e9".repeat(100_000)), 4),
        accept("name like a field", named("data_offsets"), 4));
  }

  private static String with(String metadata) {
    return "{'__metadata__':" + metadata + "," + A + "}";
  }

  private static String named(String name) {
    return OBJECT.replace("'a'", "'" + name + "'");
  }
}

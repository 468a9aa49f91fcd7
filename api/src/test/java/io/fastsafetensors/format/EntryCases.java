// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.format;

import static io.fastsafetensors.format.HeaderCase.accept;
import static io.fastsafetensors.format.HeaderCase.rejectJson;
import static io.fastsafetensors.format.HeaderCase.tensor;

import java.util.List;
import java.util.stream.Stream;

/** Decisions about the fields of a tensor's entry (format rule 4.3). */
final class EntryCases {
  private static final String OBJECT = tensor("'U8'", "[4]", "[0,4]");
  private static final String ENTRY = "{'dtype':'U8','shape':[4],'data_offsets':[0,4]}";

  private EntryCases() {}

  static Stream<HeaderCase> all() {
    return Stream.of(fields(), ignored(), ignoredNumbers(), dtypes(), numbers())
        .flatMap(List::stream);
  }

  private static List<HeaderCase> fields() {
    return List.of(
        accept(
            "fields in another order", "{'a':{'data_offsets':[0,4],'shape':[4],'dtype':'U8'}}", 4),
        accept("field name escaped", OBJECT.replace("dtype", "\\u0064type"), 4),
        rejectJson("entry empty", "{'a':{}}"),
        rejectJson("dtype missing", "{'a':{'shape':[4],'data_offsets':[0,4]}}"),
        rejectJson("shape missing", "{'a':{'dtype':'U8','data_offsets':[0,4]}}"),
        rejectJson("data_offsets missing", "{'a':{'dtype':'U8','shape':[4]}}"),
        rejectJson("field name in capitals", OBJECT.replace("dtype", "DType")),
        rejectJson("dtype twice", OBJECT.replace("{'d", "{'dtype':'U8','d")),
        rejectJson("dtype twice, once escaped", OBJECT.replace("{'d", "{'\\u0064type':'U8','d")),
        rejectJson("shape twice", OBJECT.replace("{'d", "{'shape':[4],'d")),
        rejectJson("data_offsets twice", OBJECT.replace("{'d", "{'data_offsets':[0,4],'d")),
        rejectJson("entry an array", "{'a':['U8',[4],[0,4]]}"),
        rejectJson("entry an empty array", "{'a':[]}"),
        rejectJson("entry null", "{'a':null}"),
        rejectJson("entry a number", "{'a':4}"),
        rejectJson("entry a string", "{'a':'U8'}"),
        rejectJson("second entry null", OBJECT.replace("]}}", "]},'b':null}")),
        rejectJson("entry in an entry", "{'a':{'b':" + ENTRY + "}}"));
  }

  private static List<HeaderCase> ignored() {
    return List.of(
        accept("ignored string", ignored("'x'"), 4),
        accept("ignored null", ignored("null"), 4),
        accept("ignored boolean", ignored("true"), 4),
        accept("ignored object", ignored("{'y':{'z':[1,{}]},'dtype':3}"), 4),
        accept("ignored name twice", OBJECT.replace("{'d", "{'x':1,'x':2,'d"), 4),
        accept("ignored name twice, nested", ignored("{'y':1,'y':2}"), 4),
        accept("ignored __metadata__", OBJECT.replace("{'d", "{'__metadata__':1,'d"), 4),
        accept("ignored 127 levels of arrays", ignored(nested(125, "[", "]")), 4),
        accept("ignored 127 levels of objects", ignored(nested(124, "{'y':", "}", "{}")), 4),
        rejectJson("ignored 128 levels of arrays", ignored(nested(126, "[", "]"))),
        rejectJson("ignored 128 levels of objects", ignored(nested(125, "{'y':", "}", "{}"))),
        rejectJson("ignored 100,000 levels", ignored("[".repeat(100_000))),
        rejectJson("ignored lone surrogate", ignored("'\\ud800'")),
        rejectJson("ignored name with lone surrogate", ignored("{'\\ud800':1}")),
        rejectJson("ignored nested lone surrogate", ignored("[['\\ud800']]")),
        rejectJson("ignored raw control character", ignored("'\u0001'")),
        rejectJson("ignored unknown escape", ignored("'\\q'")),
        rejectJson("ignored object cut", "{'a':{'x':{'y':1"));
  }

  private static List<HeaderCase> ignoredNumbers() {
    return List.of(
        accept("ignored integer", ignored("-12"), 4),
        accept("ignored fraction", ignored("-0.5e-3"), 4),
        accept("ignored 2^64", ignored("18446744073709551616"), 4),
        accept("ignored 309 digits", ignored("1" + "0".repeat(308)), 4),
        accept("ignored 2,000 digits after the point", ignored("0." + "9".repeat(2000)), 4),
        accept("ignored largest double", ignored("1.7976931348623157e308"), 4),
        accept("ignored 1e-999999", ignored("1e-999999"), 4),
        accept("ignored 1e-99999999999", ignored("1e-99999999999"), 4),
        accept("ignored 0e99999999999", ignored("0e99999999999"), 4),
        accept("ignored 0.0e400", ignored("-0.0E+400"), 4),
        accept("ignored small number with large exponent", ignored("0.001e311"), 4),
        rejectJson("ignored 310 digits", ignored("1" + "0".repeat(309))),
        rejectJson("ignored 2,000 digits", ignored("9".repeat(2000))),
        rejectJson("ignored 1e309", ignored("1e309")),
        rejectJson("ignored -1e309", ignored("-1e309")),
        rejectJson("ignored 1.8e308", ignored("1.8e308")),
        rejectJson("ignored 1e99999999999", ignored("1e99999999999")),
        rejectJson("ignored 20 digits e289", ignored("99999999999999999999e289")),
        rejectJson("ignored nested 1e400", ignored("[{'y':1e400}]")),
        rejectJson("ignored NaN", ignored("NaN")),
        rejectJson("ignored Infinity", ignored("-Infinity")),
        rejectJson("ignored plus sign", ignored("+1")),
        rejectJson("ignored leading point", ignored(".5")),
        rejectJson("ignored trailing point", ignored("1.")),
        rejectJson("ignored point before exponent", ignored("1.e3")),
        rejectJson("ignored exponent without digits", ignored("1e")),
        rejectJson("ignored sign without digits", ignored("-")),
        rejectJson("ignored leading zero", ignored("01")),
        rejectJson("ignored hexadecimal", ignored("0x1F")),
        rejectJson("ignored number with a letter", ignored("12a")));
  }

  private static List<HeaderCase> dtypes() {
    return List.of(
        accept("dtype escaped", tensor("'\\u00558'", "[4]", "[0,4]"), 4),
        rejectJson("dtype unknown", tensor("'F128'", "[4]", "[0,4]")),
        rejectJson("dtype in small letters", tensor("'u8'", "[4]", "[0,4]")),
        rejectJson("dtype with a space", tensor("'U8 '", "[4]", "[0,4]")),
        rejectJson("dtype empty", tensor("''", "[4]", "[0,4]")),
        rejectJson("dtype null", tensor("null", "[4]", "[0,4]")),
        rejectJson("dtype a number", tensor("4", "[4]", "[0,4]")),
        rejectJson("dtype an array", tensor("['U8']", "[4]", "[0,4]")),
        rejectJson("dtype an object", tensor("{'U8':null}", "[4]", "[0,4]")),
        rejectJson("dtype unknown, no elements", tensor("'F128'", "[0]", "[0,0]")));
  }

  private static List<HeaderCase> numbers() {
    return Stream.concat(
            Stream.of(
                    "4.0",
                    "4e0",
                    "4E0",
                    "-0",
                    "-4",
                    "04",
                    "00",
                    "'4'",
                    "true",
                    "null",
                    "[4]",
                    "{}",
                    "+4",
                    "0x4",
                    "18446744073709551616",
                    "100000000000000000000",
                    "4 4",
                    "NaN",
                    "")
                .flatMap(EntryCases::badNumber),
            Stream.of("null", "4", "'4'", "{}", "{'0':4}", "true").flatMap(EntryCases::badList))
        .toList();
  }

  private static Stream<HeaderCase> badNumber(String number) {
    HeaderCase offset =
        rejectJson("offset <" + number + ">", tensor("'U8'", "[4]", "[0," + number + "]"));
    HeaderCase dimension =
        rejectJson("dimension <" + number + ">", tensor("'U8'", "[4," + number + "]", "[0,4]"));
    return Stream.of(offset, dimension);
  }

  private static Stream<HeaderCase> badList(String list) {
    return Stream.of(
        rejectJson("shape " + list, tensor("'U8'", list, "[0,4]")),
        rejectJson("data_offsets " + list, tensor("'U8'", "[4]", list)),
        rejectJson("data_offsets [0,4," + list + "]", tensor("'U8'", "[4]", "[0,4," + list + "]")));
  }

  private static String ignored(String value) {
    return OBJECT.replace("{'d", "{'x':" + value + ",'d");
  }

  private static String nested(int levels, String open, String close) {
    return nested(levels, open, close, "");
  }

  private static String nested(int levels, String open, String close, String core) {
    return open.repeat(levels) + core + close.repeat(levels);
  }
}

// SPDX-License-Identifier: Apache-2.0
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Asks a database of known vulnerabilities, by the protocol of osv.dev, for each artifact that a
 * document lists, in rows as those of {@code THIRD-PARTY.md}:
 *
 * <pre>
 * Advisories URL FILE
 * </pre>
 *
 * It ends with 0 if there are none, with 1 if there are some, and with 2 if it couldn't ask for
 * all.
 */
final class Advisories {
  private static final Duration LIMIT = Duration.ofSeconds(30);
  private static final Pattern ROW = Pattern.compile("(?m)^\\| `(.+?):(.+?)`.*? \\| (.+?) \\|");
  private static final Pattern ID = Pattern.compile("\"id\"\\s*:\\s*\"([^\"]+)\"");
  private static final String QUERY =
      "{\"queries\":[{\"package\":{\"purl\":\"pkg:maven/%s/%s@%s\"}}]}";

  private final HttpClient client = HttpClient.newBuilder().connectTimeout(LIMIT).build();
  private final URI database;

  private Advisories(URI database) {
    this.database = database;
  }

  public static void main(String[] arguments) throws Exception {
    URI database = URI.create(arguments[0] + "/v1/querybatch");
    String document = Files.readString(Path.of(arguments[1]));
    try {
      System.exit(new Advisories(database).ask(document) == 0 ? 0 : 1);
    } catch (IOException e) {
      System.out.println("vulnerabilities: unknown, " + database + " doesn't answer: " + e);
      System.exit(2);
    }
  }

  private int ask(String document) throws IOException, InterruptedException {
    int artifacts = 0;
    int found = 0;
    for (var row : ROW.matcher(document).results().toList()) {
      artifacts++;
      List<String> ids = ids(QUERY.formatted(row.group(1), row.group(2), row.group(3)));
      found += ids.size();
      for (String id : ids) {
        System.out.printf(
            "%s:%s %s: %s, https://osv.dev/vulnerability/%s%n",
            row.group(1), row.group(2), row.group(3), id, id);
      }
    }
    if (artifacts == 0) {
      throw new IllegalArgumentException("the document lists no artifact");
    }
    System.out.printf("vulnerabilities: %d known, of %d artifacts%n", found, artifacts);
    return found;
  }

  private List<String> ids(String query) throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(database)
            .timeout(LIMIT)
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(query))
            .build();
    HttpResponse<String> answer = client.send(request, HttpResponse.BodyHandlers.ofString());
    if (answer.statusCode() != 200 || !answer.body().contains("\"results\"")) {
      throw new IOException("HTTP status " + answer.statusCode());
    }
    return ID.matcher(answer.body()).results().map(match -> match.group(1)).toList();
  }
}

// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration.prose;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.commonmark.ext.gfm.tables.TableCell;
import org.commonmark.ext.gfm.tables.TablesExtension;
import org.commonmark.node.AbstractVisitor;
import org.commonmark.node.Code;
import org.commonmark.node.CustomNode;
import org.commonmark.node.Heading;
import org.commonmark.node.Node;
import org.commonmark.node.Paragraph;
import org.commonmark.node.SoftLineBreak;
import org.commonmark.node.SourceSpan;
import org.commonmark.node.Text;
import org.commonmark.parser.IncludeSourceSpans;
import org.commonmark.parser.Parser;

/**
 * A piece of a document that people read as a whole: a paragraph, an item, a heading, a cell.
 *
 * @param line where it begins
 * @param isCell whether it stands in a table, where sentences are no whole ones
 * @param text its words; code in it is {@link #CODE}
 */
record ProseText(int line, boolean isCell, String text) {
  /** Stands for code, which has words of its own. */
  static final String CODE = "`code`";

  private static final Parser PARSER =
      Parser.builder()
          .extensions(Set.of(TablesExtension.create()))
          .includeSourceSpans(IncludeSourceSpans.BLOCKS_AND_INLINES)
          .build();

  /** Returns the pieces of a document; blocks of code are none. */
  static List<ProseText> of(String document) {
    List<ProseText> pieces = new ArrayList<>();
    PARSER.parse(document).accept(new Pieces(pieces));
    return pieces;
  }

  /** Returns its sentences. */
  List<String> sentences() {
    return List.of(text.split("(?<=[.?!])\\)?\\s+"));
  }

  private static final class Pieces extends AbstractVisitor {
    private final List<ProseText> pieces;

    Pieces(List<ProseText> pieces) {
      this.pieces = pieces;
    }

    @Override
    public void visit(Paragraph paragraph) {
      add(paragraph, false);
    }

    @Override
    public void visit(Heading heading) {
      add(heading, false);
    }

    @Override
    public void visit(CustomNode node) {
      if (node instanceof TableCell) {
        add(node, true);
      } else {
        visitChildren(node);
      }
    }

    private void add(Node node, boolean isCell) {
      Words words = new Words();
      node.accept(words);
      int line = node.getSourceSpans().stream().map(SourceSpan::getLineIndex).findFirst().orElse(0);
      pieces.add(new ProseText(line + 1, isCell, words.text.toString()));
    }
  }

  /** Joins the words of a piece, without emphasis and where links lead. */
  private static final class Words extends AbstractVisitor {
    private final StringBuilder text = new StringBuilder();

    @Override
    public void visit(Text words) {
      text.append(words.getLiteral());
    }

    @Override
    public void visit(Code code) {
      text.append(CODE);
    }

    @Override
    public void visit(SoftLineBreak end) {
      text.append(' ');
    }

    @Override
    public void visit(CustomNode node) {
      visitChildren(node);
    }
  }
}

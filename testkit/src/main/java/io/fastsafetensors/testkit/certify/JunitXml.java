// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.certify;

import io.fastsafetensors.testkit.certify.Outcome.Status;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import javax.xml.stream.XMLOutputFactory;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamWriter;

/**
 * Trials as a JUnit report, as build servers read it: a suite a plug-in. JUnit's own report names
 * tests by class, and ours is the same for all plug-ins.
 */
final class JunitXml {
  private final XMLStreamWriter xml;

  private JunitXml(XMLStreamWriter xml) {
    this.xml = xml;
  }

  static void write(List<Trial> trials, Path file) throws IOException {
    try (Writer writer = Files.newBufferedWriter(file)) {
      new JunitXml(XMLOutputFactory.newDefaultFactory().createXMLStreamWriter(writer))
          .write(trials);
    } catch (XMLStreamException e) {
      throw new IOException(file + " can't be written: " + e.getMessage(), e);
    }
  }

  private void write(List<Trial> trials) throws XMLStreamException {
    xml.writeStartDocument("UTF-8", "1.0");
    xml.writeStartElement("testsuites");
    for (Trial trial : trials) {
      writeSuite(trial);
    }
    xml.writeEndElement();
    xml.writeEndDocument();
    xml.close();
  }

  private void writeSuite(Trial trial) throws XMLStreamException {
    xml.writeStartElement("testsuite");
    xml.writeAttribute("name", trial.subject().toString());
    xml.writeAttribute("tests", Integer.toString(trial.outcomes().size()));
    xml.writeAttribute("failures", Long.toString(trial.count(Status.FAILED)));
    xml.writeAttribute("errors", "0");
    xml.writeAttribute("skipped", Long.toString(notMade(trial)));
    for (Outcome outcome : trial.outcomes()) {
      writeCase(trial.subject(), outcome);
    }
    xml.writeEndElement();
  }

  private static long notMade(Trial trial) {
    return trial.count(Status.SKIPPED) + trial.count(Status.LEFT_OUT);
  }

  private void writeCase(Subject subject, Outcome outcome) throws XMLStreamException {
    xml.writeStartElement("testcase");
    xml.writeAttribute("classname", subject.toString());
    xml.writeAttribute("name", outcome.test());
    xml.writeAttribute("time", seconds(outcome.took()));
    switch (outcome.status()) {
      case PASSED -> {}
      case FAILED -> writeReason("failure", outcome.reason());
      case SKIPPED, LEFT_OUT -> writeReason("skipped", outcome.reason());
    }
    xml.writeEndElement();
  }

  private void writeReason(String element, String reason) throws XMLStreamException {
    xml.writeEmptyElement(element);
    xml.writeAttribute("message", reason);
  }

  private static String seconds(Duration took) {
    return String.format(Locale.ROOT, "%.3f", took.toNanos() / 1e9);
  }
}

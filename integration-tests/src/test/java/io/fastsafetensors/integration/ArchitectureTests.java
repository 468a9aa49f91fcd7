// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.methods;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaMember;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.domain.JavaType;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import com.tngtech.archunit.library.GeneralCodingRules;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Provider;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

/** What the code may depend on; each rule was tried against a violation. */
class ArchitectureTests {
  private static final String ROOT = "io.fastsafetensors";
  private static final String[] PUBLISHED = {
    ROOT, ROOT + ".format", ROOT + ".spi", ROOT + ".toolkit.."
  };
  private static final String[] PLUG_INS = {
    ROOT + ".backend..", ROOT + ".collective..", ROOT + ".device.."
  };

  /** Each package by itself, the one that programs see included. */
  private static final SliceAssignment PACKAGES =
      new SliceAssignment() {
        @Override
        public SliceIdentifier getIdentifierOf(JavaClass type) {
          return type.getPackageName().startsWith(ROOT)
              ? SliceIdentifier.of(type.getPackageName())
              : SliceIdentifier.ignore();
        }

        @Override
        public String getDescription() {
          return "packages";
        }
      };

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages(ROOT);

  @Test
  void enoughClassesAreLookedAt() {
    assertThat(CLASSES.size()).isGreaterThan(150);
  }

  @Test
  void packagesAreFreeOfCycles() {
    slices().assignedFrom(PACKAGES).should().beFreeOfCycles().check(CLASSES);
  }

  @Test
  void programsSeeNoTypeOfPlugIns() {
    ArchCondition<JavaClass> notShowPlugIns =
        new ArchCondition<>("not show types for plug-ins in their signatures") {
          @Override
          public void check(JavaClass type, ConditionEvents events) {
            shown(type)
                .filter(resideInAnyPackage(ROOT + ".spi..", ROOT + ".toolkit.."))
                .forEach(seen ->
                    events.add(
                        SimpleConditionEvent.violated(
                            type, type.getName() + " shows " + seen.getName())));
          }
        };
    classes()
        .that()
        .resideInAnyPackage(ROOT, ROOT + ".format")
        .and()
        .arePublic()
        .should(notShowPlugIns)
        .check(CLASSES);
  }

  /** A component more breaks who calls the constructor or takes it apart: docs/versioning.md. */
  @Test
  void whatCanGrowIsNoRecord() {
    Set<String> fixed =
        Set.of(
            "Device",
            "TensorInfo",
            "RawHeader",
            "ByteRange",
            "Region",
            "Range",
            "Span",
            "SampleFile",
            "SimFaults");
    classes()
        .that()
        .resideInAnyPackage(PUBLISHED)
        .or()
        .resideInAnyPackage(ROOT + ".testkit", ROOT + ".testkit.sim")
        .should(
            new ArchCondition<>("be no public record but one of a fixed form") {
              @Override
              public void check(JavaClass type, ConditionEvents events) {
                boolean isShown =
                    type.getModifiers().contains(JavaModifier.PUBLIC)
                        && type.getEnclosingClass()
                            .map(outer -> outer.getModifiers().contains(JavaModifier.PUBLIC))
                            .orElse(true);
                if (type.isRecord() && isShown && !fixed.contains(type.getSimpleName())) {
                  events.add(SimpleConditionEvent.violated(type, type.getName() + " is a record"));
                }
              }
            })
        .check(CLASSES);
  }

  /** Every type in the signature of what is public or protected. */
  private static Stream<JavaClass> shown(JavaClass type) {
    Stream<JavaClass> members =
        type.getCodeUnits().stream()
            .filter(ArchitectureTests::isShown)
            .flatMap(unit ->
                Stream.concat(
                    Stream.concat(
                            Stream.of(unit.getReturnType()), unit.getParameterTypes().stream())
                        .flatMap(t -> t.getAllInvolvedRawTypes().stream()),
                    unit.getExceptionTypes().stream().map(JavaType::toErasure)));
    Stream<JavaClass> fields =
        type.getFields().stream()
            .filter(ArchitectureTests::isShown)
            .flatMap(field -> field.getType().getAllInvolvedRawTypes().stream());
    Stream<JavaClass> parents =
        Stream.concat(type.getInterfaces().stream(), type.getSuperclass().stream())
            .flatMap(parent -> parent.getAllInvolvedRawTypes().stream());
    return Stream.of(members, fields, parents).flatMap(all -> all);
  }

  private static boolean isShown(JavaMember member) {
    return member.getModifiers().contains(JavaModifier.PUBLIC)
        || member.getModifiers().contains(JavaModifier.PROTECTED);
  }

  @Test
  void theContractForPlugInsIsSmall() {
    assertThat(
            CLASSES.stream()
                .filter(type -> type.getPackageName().equals(ROOT + ".spi"))
                .filter(
                    type -> type.isTopLevelClass() && !type.getSimpleName().equals("package-info"))
                .filter(type -> type.getModifiers().contains(JavaModifier.PUBLIC))
                .map(JavaClass::getSimpleName))
        .hasSizeLessThanOrEqualTo(24)
        .contains("Transport");
  }

  @Test
  void theFormatStandsAlone() {
    noClasses()
        .that()
        .resideInAPackage(ROOT + ".format")
        .should()
        .dependOnClassesThat(
            resideInAPackage(ROOT + "..")
                .and(
                    not(
                        resideInAnyPackage(
                            ROOT + ".format",
                            ROOT + ".internal.file",
                            ROOT + ".internal.save",
                            ROOT + ".internal.text"))))
        .check(CLASSES);
  }

  @Test
  void theUserApiKnowsNoImplementation() {
    noClasses()
        .that()
        .resideInAPackage(ROOT)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            ROOT + ".internal.engine..",
            ROOT + ".internal.registry..",
            ROOT + ".internal.plan..",
            ROOT + ".internal.group..",
            ROOT + ".internal.host..")
        .check(CLASSES);
  }

  @Test
  void theUserApiDoesNotKnowJsonOrFlightRecorder() {
    noClasses()
        .that()
        .resideInAnyPackage(ROOT, ROOT + ".spi..", ROOT + ".toolkit..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("com.fasterxml..", "jdk.jfr..")
        .check(CLASSES);
  }

  @Test
  void internalLayersPointOneWay() {
    noClasses()
        .that()
        .resideInAnyPackage(
            ROOT + ".internal.file..",
            ROOT + ".internal.convert..",
            ROOT + ".internal.parallel..",
            ROOT + ".internal.host..",
            ROOT + ".internal.plan..",
            ROOT + ".internal.save..",
            ROOT + ".internal.checkpoint..",
            ROOT + ".internal.registry..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage(ROOT + ".internal.engine..")
        .check(CLASSES);
  }

  @Test
  void plugInsSeeTheContractOnly() {
    noClasses()
        .that()
        .resideInAnyPackage(PLUG_INS)
        .or()
        .resideInAnyPackage(ROOT + ".testkit..", ROOT + ".cli..", ROOT + ".dlpack..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage(ROOT + ".internal..")
        .check(CLASSES);
  }

  @Test
  void plugInsDoNotKnowEachOther() {
    slices()
        .matching(ROOT + ".(backend|collective|device).(*)..")
        .namingSlices("$1.$2")
        .should()
        .notDependOnEachOther()
        .check(CLASSES);
  }

  @Test
  void theHandOverKnowsTheApiOnly() {
    noClasses()
        .that()
        .resideInAPackage(ROOT + ".dlpack..")
        .should()
        .dependOnClassesThat(
            resideInAPackage(ROOT + "..")
                .and(
                    not(
                        resideInAnyPackage(
                            ROOT,
                            ROOT + ".format",
                            ROOT + ".toolkit.host",
                            ROOT + ".toolkit.plugin",
                            ROOT + ".spi",
                            ROOT + ".dlpack"))))
        .check(CLASSES);
  }

  @Test
  void nativeCallsStayInTheirBindings() {
    noClasses()
        .that(
            not(
                resideInAnyPackage(
                    ROOT + ".backend.posix..", ROOT + ".backend.gds..", ROOT + ".dlpack..")))
        .and()
        .haveNameNotMatching(".*\\.internal\\.file\\.LinuxCalls.*") // decision 0042
        .should()
        .dependOnClassesThat()
        .haveFullyQualifiedName("java.lang.foreign.Linker")
        .orShould()
        .dependOnClassesThat()
        .haveFullyQualifiedName("java.lang.foreign.SymbolLookup")
        .orShould()
        .callMethod(System.class, "load", String.class)
        .orShould()
        .callMethod(System.class, "loadLibrary", String.class)
        .check(CLASSES);
  }

  @Test
  void onlyTheRegistryAndTheTestkitLookForServices() {
    noClasses()
        .that(not(resideInAPackage(ROOT + ".testkit..")))
        .and()
        .haveNameNotMatching(".*\\.(internal\\.registry\\..*|Engines)")
        .should()
        .dependOnClassesThat()
        .areAssignableTo(ServiceLoader.class)
        .check(CLASSES);
  }

  @Test
  void providersArePublicFinalAndStateless() {
    classes()
        .that()
        .areAssignableTo(Provider.class)
        .and()
        .areNotInterfaces()
        .and()
        .areTopLevelClasses()
        .should()
        .haveModifier(JavaModifier.FINAL)
        .andShould()
        .bePublic()
        .andShould()
        .haveOnlyFinalFields()
        .check(CLASSES);
  }

  @Test
  void closingThrowsNothingChecked() {
    methods()
        .that()
        .haveName("close")
        .and()
        .haveRawParameterTypes(new Class<?>[0])
        .and()
        .areDeclaredInClassesThat(
            assignableTo(AutoCloseable.class).and(resideInAnyPackage(PUBLISHED)))
        .should()
        .notDeclareThrowableOfType(Exception.class)
        .check(CLASSES);
  }

  @Test
  void checkedExceptionsAreLoadExceptions() {
    classes()
        .that()
        .areAssignableTo(Exception.class)
        .and()
        .areNotAssignableTo(RuntimeException.class)
        .and()
        .arePublic()
        .and()
        .resideInAnyPackage(PUBLISHED)
        .should()
        .beAssignableTo(LoadException.class)
        .check(CLASSES);
  }

  @Test
  void nobodyThrowsGenericExceptionsOrUsesJavaLogging() {
    GeneralCodingRules.NO_CLASSES_SHOULD_THROW_GENERIC_EXCEPTIONS.check(CLASSES);
    GeneralCodingRules.NO_CLASSES_SHOULD_USE_JAVA_UTIL_LOGGING.check(CLASSES);
  }

  @Test
  void standardStreamsBelongToTheCommandLine() {
    noClasses()
        .that(not(resideInAnyPackage(ROOT + ".cli..", ROOT + ".benchmarks..")))
        .should(GeneralCodingRules.ACCESS_STANDARD_STREAMS)
        .check(CLASSES);
  }

  @Test
  void testCodeStaysInTests() {
    noClasses()
        .that(not(resideInAPackage(ROOT + ".testkit..")))
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("org.junit..", "org.assertj..", ROOT + ".testkit..")
        .check(CLASSES);
  }

  @Test
  void everyPackageIsNullMarked() {
    CLASSES.stream()
        .map(JavaClass::getPackage)
        .distinct()
        .forEach(p ->
            assertThat(p.tryGetAnnotationOfType(NullMarked.class))
                .as("@NullMarked on package %s", p.getName())
                .isPresent());
  }
}

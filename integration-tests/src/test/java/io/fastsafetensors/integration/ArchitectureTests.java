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
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.library.GeneralCodingRules;
import io.fastsafetensors.LoadException;
import io.fastsafetensors.spi.Provider;
import java.util.ServiceLoader;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

/** What the code may depend on; each rule was tried against a violation. */
class ArchitectureTests {
  private static final String ROOT = "io.fastsafetensors";
  private static final String[] PLUG_INS = {
    ROOT + ".backend..", ROOT + ".collective..", ROOT + ".device.."
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
    slices().matching(ROOT + ".(**)").should().beFreeOfCycles().check(CLASSES);
  }

  @Test
  void onlyFacadesOfTheRootPackageSeeTheEngine() {
    noClasses()
        .that()
        .resideInAPackage(ROOT)
        .and()
        .haveNameNotMatching(
            ".*\\.(Checkpoint|Loader|FileBuffer|Tensor|ProcessGroup|Plugins)(\\$.*)?")
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
        .resideInAnyPackage(ROOT, ROOT + ".spi")
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
            ROOT + ".internal.format..",
            ROOT + ".internal.convert..",
            ROOT + ".internal.parallel..",
            ROOT + ".internal.host..",
            ROOT + ".internal.plan..",
            ROOT + ".internal.registry..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage(ROOT + ".internal.engine..")
        .check(CLASSES);
    noClasses()
        .that()
        .resideInAPackage(ROOT + ".internal.format..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(ROOT + ".internal.plan..", ROOT + ".spi..")
        .check(CLASSES);
  }

  @Test
  void plugInsSeeTheContractOnly() {
    noClasses()
        .that()
        .resideInAnyPackage(PLUG_INS)
        .or()
        .resideInAnyPackage(ROOT + ".testkit..", ROOT + ".cli..")
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
  void nativeCallsStayInTheirBindings() {
    noClasses()
        .that(not(resideInAnyPackage(ROOT + ".backend.posix..", ROOT + ".backend.gds..")))
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
        .haveNameNotMatching(".*\\.internal\\.registry\\..*")
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
            assignableTo(AutoCloseable.class).and(resideInAnyPackage(ROOT, ROOT + ".spi")))
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
        .resideInAnyPackage(ROOT, ROOT + ".spi")
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

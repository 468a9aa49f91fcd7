// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.certify;

import io.fastsafetensors.Device;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Collective;
import io.fastsafetensors.spi.DeviceRuntime;
import io.fastsafetensors.spi.IoBackend;
import io.fastsafetensors.testkit.CollectiveContract;
import io.fastsafetensors.testkit.CollectiveProviderContract;
import io.fastsafetensors.testkit.DeviceRuntimeContract;
import io.fastsafetensors.testkit.IoBackendContract;
import io.fastsafetensors.testkit.LoopbackWorld;
import io.fastsafetensors.testkit.sim.SimDevices;
import io.fastsafetensors.testkit.sim.SimFaults;
import io.fastsafetensors.testkit.sim.SimRuntime;
import io.fastsafetensors.toolkit.plugin.Runtimes;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ExtensionContext.StoreScope;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/** The contracts, on a plug-in that was found. */
final class CertifiedContracts {
  private CertifiedContracts() {}

  /** The contract of device runtimes, on one that was found. */
  @ExtendWith({SubjectParameter.class, TestLimit.class})
  @TestMethodOrder(RuleOrder.class)
  static final class CertifiedRuntime extends DeviceRuntimeContract {
    private final Subject subject;

    CertifiedRuntime(Subject subject) {
      this.subject = subject;
    }

    @Override
    public DeviceRuntime runtime() {
      return (DeviceRuntime) subject.provider();
    }

    @Override
    public Optional<Faults> faults() {
      return runtime() instanceof SimRuntime
          ? Optional.of(new SimFaults(SimDevices.shared().get(0)))
          : Optional.empty();
    }
  }

  /** The contract of backends, on one that was found. */
  @ExtendWith({SubjectParameter.class, TestLimit.class})
  @TestMethodOrder(RuleOrder.class)
  static final class CertifiedBackend extends IoBackendContract {
    private final Subject subject;

    CertifiedBackend(Subject subject) {
      this.subject = subject;
    }

    @Override
    public IoBackend backend() {
      return (IoBackend) subject.provider();
    }

    @Override
    public Device device() {
      return subject.device();
    }
  }

  /** The contract of a collective's provider, on one that was found. */
  @ExtendWith({SubjectParameter.class, TestLimit.class})
  @TestMethodOrder(RuleOrder.class)
  static final class CertifiedCollective extends CollectiveProviderContract {
    private final Subject subject;

    CertifiedCollective(Subject subject) {
      this.subject = subject;
    }

    @Override
    public Collective collective() {
      return (Collective) subject.provider();
    }

    @Override
    public Device device() {
      return subject.device();
    }
  }

  /** The contract of groups, on those of a collective that was found; ranks are threads. */
  @ExtendWith({SubjectParameter.class, TestLimit.class})
  @TestMethodOrder(RuleOrder.class)
  static final class CertifiedGroups extends CollectiveContract {
    private final Subject subject;

    CertifiedGroups(Subject subject) {
      this.subject = subject;
    }

    @Override
    public World newWorld(int size, Duration timeout) throws IOException {
      return new LoopbackWorld((Collective) subject.provider(), size, timeout, this::device);
    }

    @Override
    public Device device(int rank) {
      return subject.device().isCpu() ? Device.CPU : new Device(subject.device().type(), rank);
    }

    /** Each rank has a device of its own. */
    @Override
    public List<Integer> sizes() {
      long devices = subject.device().isCpu() ? Long.MAX_VALUE : countDevices();
      return super.sizes().stream().filter(size -> size <= devices).toList();
    }

    private long countDevices() {
      try {
        return Runtimes.of(subject.device()).devices().size();
      } catch (LoadException e) {
        return 0;
      }
    }
  }

  /** Gives a contract the plug-in that this session of the launcher is about. */
  static final class SubjectParameter implements ParameterResolver {
    /** Where the session keeps it. */
    static final Class<?> KEY = Subject.class;

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext test) {
      return parameter.getParameter().getType().equals(Subject.class);
    }

    @Override
    public Subject resolveParameter(ParameterContext parameter, ExtensionContext test) {
      return Objects.requireNonNull(
          test.getStore(StoreScope.LAUNCHER_SESSION, Namespace.create(KEY)).get(KEY, Subject.class),
          "no plug-in in this session");
    }
  }
}

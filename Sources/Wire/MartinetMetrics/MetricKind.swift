/// What a metric is, as Prometheus calls it.
package enum MetricKind: String, Sendable { case counter, gauge, histogram }

import MartinetSchema

/// What resource.k8s.io/v1beta1 said differently: a device's facts lay in `basic`, and a request's in the request itself.
enum DeviceVersions {
    private static let old = "resource.k8s.io/v1beta1"
    private static let new = "resource.k8s.io/v1"

    static let rules: [String: Versions.Reshape] = [
        "\(old).Device > \(new).Device": { device, type in
            var result = device.part("basic").map { Versions.sameFields($0, to: type) } ?? Object(type: type)
            result[field: "name"] = device[field: "name"]
            return result
        },
        "\(new).Device > \(old).Device": { device, type in
            var result = Object(type: type)
            result[field: "name"] = device[field: "name"]
            guard let basic = type.field(named: "basic")?.type else { return result }
            result[field: "basic"] = .object(Versions.sameFields(device, to: basic))
            return result
        },
        "\(old).DeviceRequest > \(new).DeviceRequest": { request, type in
            var result = Versions.sameFields(request, to: type)
            guard let exactly = type.field(named: "exactly")?.type else { return result }
            let inner = Versions.sameFields(request, to: exactly)
            if !inner.isEmpty { result[field: "exactly"] = .object(inner) }
            return result
        },
        "\(new).DeviceRequest > \(old).DeviceRequest": { request, type in
            var result = request.part("exactly").map { Versions.sameFields($0, to: type) } ?? Object(type: type)
            let outer = Versions.sameFields(request, to: type)
            for name in ["name", "firstAvailable"] { result[field: name] = outer[field: name] }
            return result
        },
    ]
}

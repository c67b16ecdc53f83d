// Made by the test "every bootstrap role opens what its line in the table says" with MARTINET_ACCESS_TABLE=FILE.

extension AccessTable {
    /// Who has one bootstrap role and nothing else: the verbs and what they are for, `a/` in the namespace that was asked
    /// about. The reason of each line is the role's own rules, as upstream wrote them.
    static let roles = """
        admin
          create: a/localsubjectaccessreviews.authorization.k8s.io a/pods/eviction a/serviceaccounts/token
          create,delete,deletecollection,get,list,patch,update: a/configmaps a/cronjobs.batch
            a/daemonsets.apps a/deployments.apps a/events a/events.events.k8s.io
            a/horizontalpodautoscalers.autoscaling a/ingresses.networking.k8s.io a/jobs.batch
            a/leases.coordination.k8s.io a/networkpolicies.networking.k8s.io a/persistentvolumeclaims
            a/poddisruptionbudgets.policy a/pods a/replicasets.apps a/replicationcontrollers
            a/resourceclaims.resource.k8s.io a/resourceclaimtemplates.resource.k8s.io
            a/rolebindings.rbac.authorization.k8s.io a/roles.rbac.authorization.k8s.io a/secrets
            a/serviceaccounts a/services a/statefulsets.apps
          create,delete,get,patch,update: a/pods/proxy a/services/proxy
          create,get: a/pods/attach a/pods/exec a/pods/portforward
          get: a/cronjobs/status.batch a/daemonsets/status.apps a/deployments/status.apps
            a/horizontalpodautoscalers/status.autoscaling a/ingresses/status.networking.k8s.io
            a/jobs/status.batch a/persistentvolumeclaims/status a/poddisruptionbudgets/status.policy
            a/pods/log a/pods/status a/replicasets/status.apps a/replicationcontrollers/status
            a/resourceclaims/status.resource.k8s.io a/resourcequotas/status a/services/status
            a/statefulsets/status.apps
          get,list: a/controllerrevisions.apps a/endpoints a/endpointslices.discovery.k8s.io a/limitranges
            a/resourcequotas namespaces
          get,patch,update: a/deployments/scale.apps a/replicasets/scale.apps a/replicationcontrollers/scale
            a/statefulsets/scale.apps
          list: configmaps controllerrevisions.apps cronjobs.batch daemonsets.apps deployments.apps endpoints
            endpointslices.discovery.k8s.io events events.events.k8s.io horizontalpodautoscalers.autoscaling
            ingresses.networking.k8s.io jobs.batch leases.coordination.k8s.io limitranges
            networkpolicies.networking.k8s.io persistentvolumeclaims poddisruptionbudgets.policy pods
            replicasets.apps replicationcontrollers resourceclaims.resource.k8s.io
            resourceclaimtemplates.resource.k8s.io resourcequotas rolebindings.rbac.authorization.k8s.io
            roles.rbac.authorization.k8s.io secrets serviceaccounts services statefulsets.apps
        cluster-admin
          create: a/bindings a/localsubjectaccessreviews.authorization.k8s.io a/pods/binding a/pods/eviction
            a/serviceaccounts/token selfsubjectaccessreviews.authorization.k8s.io
            selfsubjectreviews.authentication.k8s.io selfsubjectrulesreviews.authorization.k8s.io
            subjectaccessreviews.authorization.k8s.io tokenreviews.authentication.k8s.io
          create,delete,deletecollection,get,list,patch,update: a/configmaps a/controllerrevisions.apps
            a/cronjobs.batch a/csistoragecapacities.storage.k8s.io a/daemonsets.apps a/deployments.apps
            a/endpoints a/endpointslices.discovery.k8s.io a/events a/events.events.k8s.io
            a/horizontalpodautoscalers.autoscaling a/ingresses.networking.k8s.io a/jobs.batch
            a/leases.coordination.k8s.io a/limitranges a/networkpolicies.networking.k8s.io
            a/persistentvolumeclaims a/poddisruptionbudgets.policy a/pods a/podtemplates a/replicasets.apps
            a/replicationcontrollers a/resourceclaims.resource.k8s.io
            a/resourceclaimtemplates.resource.k8s.io a/resourcequotas
            a/rolebindings.rbac.authorization.k8s.io a/roles.rbac.authorization.k8s.io a/secrets
            a/serviceaccounts a/services a/statefulsets.apps apiservices.apiregistration.k8s.io
            certificatesigningrequests.certificates.k8s.io clusterrolebindings.rbac.authorization.k8s.io
            clusterroles.rbac.authorization.k8s.io csidrivers.storage.k8s.io csinodes.storage.k8s.io
            customresourcedefinitions.apiextensions.k8s.io deviceclasses.resource.k8s.io
            flowschemas.flowcontrol.apiserver.k8s.io ingressclasses.networking.k8s.io
            ipaddresses.networking.k8s.io mutatingadmissionpolicies.admissionregistration.k8s.io
            mutatingadmissionpolicybindings.admissionregistration.k8s.io
            mutatingwebhookconfigurations.admissionregistration.k8s.io nodes persistentvolumes
            priorityclasses.scheduling.k8s.io prioritylevelconfigurations.flowcontrol.apiserver.k8s.io
            resourceslices.resource.k8s.io runtimeclasses.node.k8s.io servicecidrs.networking.k8s.io
            storageclasses.storage.k8s.io validatingadmissionpolicies.admissionregistration.k8s.io
            validatingadmissionpolicybindings.admissionregistration.k8s.io
            validatingwebhookconfigurations.admissionregistration.k8s.io volumeattachments.storage.k8s.io
            volumeattributesclasses.storage.k8s.io
          create,delete,get,list,patch,update: namespaces
          create,delete,get,patch,update: a/pods/proxy a/services/proxy nodes/proxy
          create,get: ../secrets a/pods/attach a/pods/exec a/pods/portforward
          create,list: things.none.example.com
          get: / /.well-known/openid-configuration /.well-known/openid-configuration/ // /API/v1/secrets /api
            /api/ /api/v1/ /apis /apis/ /apis/admissionregistration.k8s.io/
            /apis/admissionregistration.k8s.io/v1/ /apis/apiextensions.k8s.io/ /apis/apiextensions.k8s.io/v1/
            /apis/apiregistration.k8s.io/ /apis/apiregistration.k8s.io/v1/ /apis/apps/ /apis/apps/v1/
            /apis/authentication.k8s.io/ /apis/authentication.k8s.io/v1/ /apis/authorization.k8s.io/
            /apis/authorization.k8s.io/v1/ /apis/autoscaling/ /apis/autoscaling/v1/ /apis/autoscaling/v2/
            /apis/batch/ /apis/batch/v1/ /apis/certificates.k8s.io/ /apis/certificates.k8s.io/v1/
            /apis/coordination.k8s.io/ /apis/coordination.k8s.io/v1/ /apis/discovery.k8s.io/
            /apis/discovery.k8s.io/v1/ /apis/events.k8s.io/ /apis/events.k8s.io/v1/
            /apis/flowcontrol.apiserver.k8s.io/ /apis/flowcontrol.apiserver.k8s.io/v1/
            /apis/networking.k8s.io/ /apis/networking.k8s.io/v1/ /apis/node.k8s.io/ /apis/node.k8s.io/v1/
            /apis/policy/ /apis/policy/v1/ /apis/rbac.authorization.k8s.io/
            /apis/rbac.authorization.k8s.io/v1/ /apis/resource.k8s.io/ /apis/resource.k8s.io/v1/
            /apis/scheduling.k8s.io/ /apis/scheduling.k8s.io/v1/ /apis/storage.k8s.io/
            /apis/storage.k8s.io/v1/ /debug/pprof/ /healthz /healthz/ping /livez /logs /logs/a /metrics
            /metrics/slis /none /openapi/v2 /openapi/v3 /openapi/v3/api/v1 /openid/v1/jwks /openid/v1/jwks/
            /readyz /version /version/ a/pods/log
          get,list: componentstatuses
          get,patch,update: a/cronjobs/status.batch a/daemonsets/status.apps a/deployments/scale.apps
            a/deployments/status.apps a/horizontalpodautoscalers/status.autoscaling
            a/ingresses/status.networking.k8s.io a/jobs/status.batch a/persistentvolumeclaims/status
            a/poddisruptionbudgets/status.policy a/pods/ephemeralcontainers a/pods/resize a/pods/status
            a/replicasets/scale.apps a/replicasets/status.apps a/replicationcontrollers/scale
            a/replicationcontrollers/status a/resourceclaims/status.resource.k8s.io a/resourcequotas/status
            a/services/status a/statefulsets/scale.apps a/statefulsets/status.apps
            apiservices/status.apiregistration.k8s.io certificatesigningrequests/approval.certificates.k8s.io
            certificatesigningrequests/status.certificates.k8s.io
            customresourcedefinitions/status.apiextensions.k8s.io
            flowschemas/status.flowcontrol.apiserver.k8s.io nodes/status persistentvolumes/status
            prioritylevelconfigurations/status.flowcontrol.apiserver.k8s.io
            servicecidrs/status.networking.k8s.io
            validatingadmissionpolicies/status.admissionregistration.k8s.io
            volumeattachments/status.storage.k8s.io
          list: configmaps controllerrevisions.apps cronjobs.batch csistoragecapacities.storage.k8s.io
            daemonsets.apps deployments.apps endpoints endpointslices.discovery.k8s.io events
            events.events.k8s.io horizontalpodautoscalers.autoscaling ingresses.networking.k8s.io jobs.batch
            leases.coordination.k8s.io limitranges networkpolicies.networking.k8s.io persistentvolumeclaims
            poddisruptionbudgets.policy pods podtemplates replicasets.apps replicationcontrollers
            resourceclaims.resource.k8s.io resourceclaimtemplates.resource.k8s.io resourcequotas
            rolebindings.rbac.authorization.k8s.io roles.rbac.authorization.k8s.io secrets serviceaccounts
            services statefulsets.apps
        edit
          create: a/pods/eviction a/serviceaccounts/token
          create,delete,deletecollection,get,list,patch,update: a/configmaps a/cronjobs.batch
            a/daemonsets.apps a/deployments.apps a/events a/events.events.k8s.io
            a/horizontalpodautoscalers.autoscaling a/ingresses.networking.k8s.io a/jobs.batch
            a/leases.coordination.k8s.io a/networkpolicies.networking.k8s.io a/persistentvolumeclaims
            a/poddisruptionbudgets.policy a/pods a/replicasets.apps a/replicationcontrollers
            a/resourceclaims.resource.k8s.io a/resourceclaimtemplates.resource.k8s.io a/secrets
            a/serviceaccounts a/services a/statefulsets.apps
          create,delete,get,patch,update: a/pods/proxy a/services/proxy
          create,get: a/pods/attach a/pods/exec a/pods/portforward
          get: a/cronjobs/status.batch a/daemonsets/status.apps a/deployments/status.apps
            a/horizontalpodautoscalers/status.autoscaling a/ingresses/status.networking.k8s.io
            a/jobs/status.batch a/persistentvolumeclaims/status a/poddisruptionbudgets/status.policy
            a/pods/log a/pods/status a/replicasets/status.apps a/replicationcontrollers/status
            a/resourceclaims/status.resource.k8s.io a/resourcequotas/status a/services/status
            a/statefulsets/status.apps
          get,list: a/controllerrevisions.apps a/endpoints a/endpointslices.discovery.k8s.io a/limitranges
            a/resourcequotas namespaces
          get,patch,update: a/deployments/scale.apps a/replicasets/scale.apps a/replicationcontrollers/scale
            a/statefulsets/scale.apps
          list: configmaps controllerrevisions.apps cronjobs.batch daemonsets.apps deployments.apps endpoints
            endpointslices.discovery.k8s.io events events.events.k8s.io horizontalpodautoscalers.autoscaling
            ingresses.networking.k8s.io jobs.batch leases.coordination.k8s.io limitranges
            networkpolicies.networking.k8s.io persistentvolumeclaims poddisruptionbudgets.policy pods
            replicasets.apps replicationcontrollers resourceclaims.resource.k8s.io
            resourceclaimtemplates.resource.k8s.io resourcequotas secrets serviceaccounts services
            statefulsets.apps
        system:aggregate-to-admin
          create: a/localsubjectaccessreviews.authorization.k8s.io
          create,delete,deletecollection,get,list,patch,update: a/rolebindings.rbac.authorization.k8s.io
            a/roles.rbac.authorization.k8s.io
          list: rolebindings.rbac.authorization.k8s.io roles.rbac.authorization.k8s.io
        system:aggregate-to-edit
          create: a/pods/eviction a/serviceaccounts/token
          create,delete,deletecollection,get,list,patch,update: a/leases.coordination.k8s.io a/secrets
          create,delete,deletecollection,patch,update: a/configmaps a/cronjobs.batch a/daemonsets.apps
            a/deployments.apps a/events a/events.events.k8s.io a/horizontalpodautoscalers.autoscaling
            a/ingresses.networking.k8s.io a/jobs.batch a/networkpolicies.networking.k8s.io
            a/persistentvolumeclaims a/poddisruptionbudgets.policy a/pods a/replicasets.apps
            a/replicationcontrollers a/resourceclaims.resource.k8s.io
            a/resourceclaimtemplates.resource.k8s.io a/serviceaccounts a/services a/statefulsets.apps
          create,delete,get,patch,update: a/pods/proxy a/services/proxy
          create,get: a/pods/attach a/pods/exec a/pods/portforward
          list: leases.coordination.k8s.io secrets
          patch,update: a/deployments/scale.apps a/replicasets/scale.apps a/replicationcontrollers/scale
            a/statefulsets/scale.apps
        system:aggregate-to-view
          get: a/cronjobs/status.batch a/daemonsets/status.apps a/deployments/scale.apps
            a/deployments/status.apps a/horizontalpodautoscalers/status.autoscaling
            a/ingresses/status.networking.k8s.io a/jobs/status.batch a/persistentvolumeclaims/status
            a/poddisruptionbudgets/status.policy a/pods/log a/pods/status a/replicasets/scale.apps
            a/replicasets/status.apps a/replicationcontrollers/scale a/replicationcontrollers/status
            a/resourceclaims/status.resource.k8s.io a/resourcequotas/status a/services/status
            a/statefulsets/scale.apps a/statefulsets/status.apps
          get,list: a/configmaps a/controllerrevisions.apps a/cronjobs.batch a/daemonsets.apps
            a/deployments.apps a/endpoints a/endpointslices.discovery.k8s.io a/events a/events.events.k8s.io
            a/horizontalpodautoscalers.autoscaling a/ingresses.networking.k8s.io a/jobs.batch a/limitranges
            a/networkpolicies.networking.k8s.io a/persistentvolumeclaims a/poddisruptionbudgets.policy a/pods
            a/replicasets.apps a/replicationcontrollers a/resourceclaims.resource.k8s.io
            a/resourceclaimtemplates.resource.k8s.io a/resourcequotas a/serviceaccounts a/services
            a/statefulsets.apps namespaces
          list: configmaps controllerrevisions.apps cronjobs.batch daemonsets.apps deployments.apps endpoints
            endpointslices.discovery.k8s.io events events.events.k8s.io horizontalpodautoscalers.autoscaling
            ingresses.networking.k8s.io jobs.batch limitranges networkpolicies.networking.k8s.io
            persistentvolumeclaims poddisruptionbudgets.policy pods replicasets.apps replicationcontrollers
            resourceclaims.resource.k8s.io resourceclaimtemplates.resource.k8s.io resourcequotas
            serviceaccounts services statefulsets.apps
        system:auth-delegator
          create: subjectaccessreviews.authorization.k8s.io tokenreviews.authentication.k8s.io
        system:basic-user
          create: selfsubjectaccessreviews.authorization.k8s.io selfsubjectreviews.authentication.k8s.io
            selfsubjectrulesreviews.authorization.k8s.io
        system:certificates.k8s.io:certificatesigningrequests:nodeclient
        system:certificates.k8s.io:certificatesigningrequests:selfnodeclient
        system:certificates.k8s.io:kube-apiserver-client-approver
        system:certificates.k8s.io:kube-apiserver-client-kubelet-approver
        system:certificates.k8s.io:kubelet-serving-approver
        system:certificates.k8s.io:legacy-unknown-approver
        system:controller:attachdetach-controller
          create,delete,get,list: volumeattachments.storage.k8s.io
          create,patch,update: a/events a/events.events.k8s.io
          get,list: csidrivers.storage.k8s.io csinodes.storage.k8s.io nodes
          list: a/persistentvolumeclaims a/pods persistentvolumeclaims persistentvolumes pods
          patch,update: nodes/status
        system:controller:certificate-controller
          create: subjectaccessreviews.authorization.k8s.io
          create,patch,update: a/events a/events.events.k8s.io
          delete,get,list: certificatesigningrequests.certificates.k8s.io
          update: certificatesigningrequests/approval.certificates.k8s.io
            certificatesigningrequests/status.certificates.k8s.io
        system:controller:clusterrole-aggregation-controller
          get,list,patch,update: clusterroles.rbac.authorization.k8s.io
        system:controller:cronjob-controller
          create,delete,get,list,patch,update: a/jobs.batch
          create,patch,update: a/events a/events.events.k8s.io
          delete,list: a/pods
          get,list,update: a/cronjobs.batch
          list: cronjobs.batch jobs.batch pods
          update: a/cronjobs/status.batch
        system:controller:daemon-set-controller
          create: a/pods/binding
          create,delete,get,list,patch,update: a/controllerrevisions.apps
          create,delete,list,patch: a/pods
          create,patch,update: a/events a/events.events.k8s.io
          get,list: a/daemonsets.apps
          list: controllerrevisions.apps daemonsets.apps nodes pods
          update: a/daemonsets/status.apps
        system:controller:deployment-controller
          create,delete,get,list,patch,update: a/replicasets.apps
          create,patch,update: a/events a/events.events.k8s.io
          get,list,update: a/deployments.apps a/pods
          list: deployments.apps pods replicasets.apps
          update: a/deployments/status.apps
        system:controller:device-taint-eviction-controller
          create,patch,update: a/events a/events.events.k8s.io
          delete,get,list: a/pods
          get,list: a/resourceclaims.resource.k8s.io deviceclasses.resource.k8s.io
            resourceslices.resource.k8s.io
          list: pods resourceclaims.resource.k8s.io
          patch,update: a/pods/status
        system:controller:disruption-controller
          create,patch,update: a/events a/events.events.k8s.io
          get: a/deployments/scale.apps a/replicasets/scale.apps a/replicationcontrollers/scale
            a/statefulsets/scale.apps
          get,list: a/deployments.apps a/poddisruptionbudgets.policy a/replicasets.apps
            a/replicationcontrollers a/statefulsets.apps
          list: deployments.apps poddisruptionbudgets.policy replicasets.apps replicationcontrollers
            statefulsets.apps
          patch,update: a/pods/status
          update: a/poddisruptionbudgets/status.policy
        system:controller:endpoint-controller
          create,delete,get,list,update: a/endpoints
          create,patch,update: a/events a/events.events.k8s.io
          get,list: a/pods a/services
          list: endpoints pods services
        system:controller:endpointslice-controller
          create,delete,get,list,update: a/endpointslices.discovery.k8s.io
          create,patch,update: a/events a/events.events.k8s.io
          get,list: a/pods a/services nodes
          list: endpointslices.discovery.k8s.io pods services
        system:controller:endpointslicemirroring-controller
          create,delete,get,list,update: a/endpointslices.discovery.k8s.io
          create,patch,update: a/events a/events.events.k8s.io
          get,list: a/endpoints a/services
          list: endpoints endpointslices.discovery.k8s.io services
        system:controller:ephemeral-volume-controller
          create,get,list: a/persistentvolumeclaims
          create,patch,update: a/events a/events.events.k8s.io
          get,list: a/pods
          list: persistentvolumeclaims pods
        system:controller:expand-controller
          create,patch,update: a/events a/events.events.k8s.io
          get,list: a/persistentvolumeclaims
          get,list,patch,update: persistentvolumes
          list: persistentvolumeclaims
          patch,update: a/persistentvolumeclaims/status
        system:controller:generic-garbage-collector
          create,delete,get,list,patch,update: a/events a/events.events.k8s.io
          delete,get,list,patch,update: a/configmaps a/controllerrevisions.apps a/cronjobs.batch
            a/csistoragecapacities.storage.k8s.io a/daemonsets.apps a/deployments.apps a/endpoints
            a/endpointslices.discovery.k8s.io a/horizontalpodautoscalers.autoscaling
            a/ingresses.networking.k8s.io a/jobs.batch a/leases.coordination.k8s.io a/limitranges
            a/networkpolicies.networking.k8s.io a/persistentvolumeclaims a/poddisruptionbudgets.policy a/pods
            a/podtemplates a/replicasets.apps a/replicationcontrollers a/resourceclaims.resource.k8s.io
            a/resourceclaimtemplates.resource.k8s.io a/resourcequotas
            a/rolebindings.rbac.authorization.k8s.io a/roles.rbac.authorization.k8s.io a/secrets
            a/serviceaccounts a/services a/statefulsets.apps apiservices.apiregistration.k8s.io
            certificatesigningrequests.certificates.k8s.io clusterrolebindings.rbac.authorization.k8s.io
            clusterroles.rbac.authorization.k8s.io csidrivers.storage.k8s.io csinodes.storage.k8s.io
            customresourcedefinitions.apiextensions.k8s.io deviceclasses.resource.k8s.io
            flowschemas.flowcontrol.apiserver.k8s.io ingressclasses.networking.k8s.io
            ipaddresses.networking.k8s.io mutatingadmissionpolicies.admissionregistration.k8s.io
            mutatingadmissionpolicybindings.admissionregistration.k8s.io
            mutatingwebhookconfigurations.admissionregistration.k8s.io namespaces nodes persistentvolumes
            priorityclasses.scheduling.k8s.io prioritylevelconfigurations.flowcontrol.apiserver.k8s.io
            resourceslices.resource.k8s.io runtimeclasses.node.k8s.io servicecidrs.networking.k8s.io
            storageclasses.storage.k8s.io validatingadmissionpolicies.admissionregistration.k8s.io
            validatingadmissionpolicybindings.admissionregistration.k8s.io
            validatingwebhookconfigurations.admissionregistration.k8s.io volumeattachments.storage.k8s.io
            volumeattributesclasses.storage.k8s.io
          delete,get,patch,update: a/pods/proxy a/services/proxy nodes/proxy
          get: ../secrets a/pods/attach a/pods/exec a/pods/log a/pods/portforward
          get,list: componentstatuses
          get,patch,update: a/cronjobs/status.batch a/daemonsets/status.apps a/deployments/scale.apps
            a/deployments/status.apps a/horizontalpodautoscalers/status.autoscaling
            a/ingresses/status.networking.k8s.io a/jobs/status.batch a/persistentvolumeclaims/status
            a/poddisruptionbudgets/status.policy a/pods/ephemeralcontainers a/pods/resize a/pods/status
            a/replicasets/scale.apps a/replicasets/status.apps a/replicationcontrollers/scale
            a/replicationcontrollers/status a/resourceclaims/status.resource.k8s.io a/resourcequotas/status
            a/services/status a/statefulsets/scale.apps a/statefulsets/status.apps
            apiservices/status.apiregistration.k8s.io certificatesigningrequests/approval.certificates.k8s.io
            certificatesigningrequests/status.certificates.k8s.io
            customresourcedefinitions/status.apiextensions.k8s.io
            flowschemas/status.flowcontrol.apiserver.k8s.io nodes/status persistentvolumes/status
            prioritylevelconfigurations/status.flowcontrol.apiserver.k8s.io
            servicecidrs/status.networking.k8s.io
            validatingadmissionpolicies/status.admissionregistration.k8s.io
            volumeattachments/status.storage.k8s.io
          list: configmaps controllerrevisions.apps cronjobs.batch csistoragecapacities.storage.k8s.io
            daemonsets.apps deployments.apps endpoints endpointslices.discovery.k8s.io events
            events.events.k8s.io horizontalpodautoscalers.autoscaling ingresses.networking.k8s.io jobs.batch
            leases.coordination.k8s.io limitranges networkpolicies.networking.k8s.io persistentvolumeclaims
            poddisruptionbudgets.policy pods podtemplates replicasets.apps replicationcontrollers
            resourceclaims.resource.k8s.io resourceclaimtemplates.resource.k8s.io resourcequotas
            rolebindings.rbac.authorization.k8s.io roles.rbac.authorization.k8s.io secrets serviceaccounts
            services statefulsets.apps things.none.example.com
        system:controller:horizontal-pod-autoscaler
          create,patch,update: a/events a/events.events.k8s.io
          get,list: a/horizontalpodautoscalers.autoscaling
          get,update: a/deployments/scale.apps a/replicasets/scale.apps a/replicationcontrollers/scale
            a/statefulsets/scale.apps
          list: a/pods horizontalpodautoscalers.autoscaling pods
          update: a/horizontalpodautoscalers/status.autoscaling
        system:controller:job-controller
          create,delete,list,patch: a/pods
          create,patch,update: a/events a/events.events.k8s.io
          get,list,patch,update: a/jobs.batch
          list: jobs.batch pods
          update: a/jobs/status.batch
        system:controller:legacy-service-account-token-cleaner
          delete,patch: a/secrets
        system:controller:namespace-controller
          delete,deletecollection,get,list: a/configmaps a/controllerrevisions.apps a/cronjobs.batch
            a/csistoragecapacities.storage.k8s.io a/daemonsets.apps a/deployments.apps a/endpoints
            a/endpointslices.discovery.k8s.io a/events a/events.events.k8s.io
            a/horizontalpodautoscalers.autoscaling a/ingresses.networking.k8s.io a/jobs.batch
            a/leases.coordination.k8s.io a/limitranges a/networkpolicies.networking.k8s.io
            a/persistentvolumeclaims a/poddisruptionbudgets.policy a/pods a/podtemplates a/replicasets.apps
            a/replicationcontrollers a/resourceclaims.resource.k8s.io
            a/resourceclaimtemplates.resource.k8s.io a/resourcequotas
            a/rolebindings.rbac.authorization.k8s.io a/roles.rbac.authorization.k8s.io a/secrets
            a/serviceaccounts a/services a/statefulsets.apps apiservices.apiregistration.k8s.io
            certificatesigningrequests.certificates.k8s.io clusterrolebindings.rbac.authorization.k8s.io
            clusterroles.rbac.authorization.k8s.io csidrivers.storage.k8s.io csinodes.storage.k8s.io
            customresourcedefinitions.apiextensions.k8s.io deviceclasses.resource.k8s.io
            flowschemas.flowcontrol.apiserver.k8s.io ingressclasses.networking.k8s.io
            ipaddresses.networking.k8s.io mutatingadmissionpolicies.admissionregistration.k8s.io
            mutatingadmissionpolicybindings.admissionregistration.k8s.io
            mutatingwebhookconfigurations.admissionregistration.k8s.io nodes persistentvolumes
            priorityclasses.scheduling.k8s.io prioritylevelconfigurations.flowcontrol.apiserver.k8s.io
            resourceslices.resource.k8s.io runtimeclasses.node.k8s.io servicecidrs.networking.k8s.io
            storageclasses.storage.k8s.io validatingadmissionpolicies.admissionregistration.k8s.io
            validatingadmissionpolicybindings.admissionregistration.k8s.io
            validatingwebhookconfigurations.admissionregistration.k8s.io volumeattachments.storage.k8s.io
            volumeattributesclasses.storage.k8s.io
          delete,get: a/pods/proxy a/services/proxy nodes/proxy
          delete,get,list: namespaces
          get: ../secrets a/cronjobs/status.batch a/daemonsets/status.apps a/deployments/scale.apps
            a/deployments/status.apps a/horizontalpodautoscalers/status.autoscaling
            a/ingresses/status.networking.k8s.io a/jobs/status.batch a/persistentvolumeclaims/status
            a/poddisruptionbudgets/status.policy a/pods/attach a/pods/ephemeralcontainers a/pods/exec
            a/pods/log a/pods/portforward a/pods/resize a/pods/status a/replicasets/scale.apps
            a/replicasets/status.apps a/replicationcontrollers/scale a/replicationcontrollers/status
            a/resourceclaims/status.resource.k8s.io a/resourcequotas/status a/services/status
            a/statefulsets/scale.apps a/statefulsets/status.apps apiservices/status.apiregistration.k8s.io
            certificatesigningrequests/approval.certificates.k8s.io
            certificatesigningrequests/status.certificates.k8s.io
            customresourcedefinitions/status.apiextensions.k8s.io
            flowschemas/status.flowcontrol.apiserver.k8s.io nodes/status persistentvolumes/status
            prioritylevelconfigurations/status.flowcontrol.apiserver.k8s.io
            servicecidrs/status.networking.k8s.io
            validatingadmissionpolicies/status.admissionregistration.k8s.io
            volumeattachments/status.storage.k8s.io
          get,list: componentstatuses
          list: configmaps controllerrevisions.apps cronjobs.batch csistoragecapacities.storage.k8s.io
            daemonsets.apps deployments.apps endpoints endpointslices.discovery.k8s.io events
            events.events.k8s.io horizontalpodautoscalers.autoscaling ingresses.networking.k8s.io jobs.batch
            leases.coordination.k8s.io limitranges networkpolicies.networking.k8s.io persistentvolumeclaims
            poddisruptionbudgets.policy pods podtemplates replicasets.apps replicationcontrollers
            resourceclaims.resource.k8s.io resourceclaimtemplates.resource.k8s.io resourcequotas
            rolebindings.rbac.authorization.k8s.io roles.rbac.authorization.k8s.io secrets serviceaccounts
            services statefulsets.apps things.none.example.com
        system:controller:node-controller
          create,patch,update: a/events a/events.events.k8s.io
          delete,get,list: a/pods
          delete,get,list,patch,update: nodes
          list: pods
          patch,update: a/pods/status nodes/status
        system:controller:persistent-volume-binder
          create,delete,get,list: a/pods
          create,delete,get,list,update: persistentvolumes
          create,patch,update: a/events a/events.events.k8s.io
          get,list: storageclasses.storage.k8s.io
          get,list,update: a/persistentvolumeclaims
          list: nodes persistentvolumeclaims pods
          update: a/persistentvolumeclaims/status persistentvolumes/status
        system:controller:pod-garbage-collector
          delete,list: a/pods
          get,list: nodes
          list: pods
          patch: a/pods/status
        system:controller:pv-protection-controller
          create,patch,update: a/events a/events.events.k8s.io
          get,list,update: persistentvolumes
        system:controller:pvc-protection-controller
          create,patch,update: a/events a/events.events.k8s.io
          get,list: a/pods
          get,list,update: a/persistentvolumeclaims
          list: persistentvolumeclaims pods
          update: a/persistentvolumeclaims/status
        system:controller:replicaset-controller
          create,delete,list,patch: a/pods
          create,patch,update: a/events a/events.events.k8s.io
          get,list,update: a/replicasets.apps
          list: pods replicasets.apps
          update: a/replicasets/status.apps
        system:controller:replication-controller
          create,delete,list,patch: a/pods
          create,patch,update: a/events a/events.events.k8s.io
          get,list,update: a/replicationcontrollers
          list: pods replicationcontrollers
          update: a/replicationcontrollers/status
        system:controller:resource-claim-controller
          create,delete,get,list,patch,update: a/resourceclaims.resource.k8s.io
          create,patch,update: a/events a/events.events.k8s.io
          get,list: a/pods
          list: pods resourceclaims.resource.k8s.io
          patch,update: a/pods/status a/resourceclaims/status.resource.k8s.io
        system:controller:resourcequota-controller
          create,list,patch,update: a/events a/events.events.k8s.io
          list: a/configmaps a/controllerrevisions.apps a/cronjobs.batch
            a/csistoragecapacities.storage.k8s.io a/daemonsets.apps a/deployments.apps a/endpoints
            a/endpointslices.discovery.k8s.io a/horizontalpodautoscalers.autoscaling
            a/ingresses.networking.k8s.io a/jobs.batch a/leases.coordination.k8s.io a/limitranges
            a/networkpolicies.networking.k8s.io a/persistentvolumeclaims a/poddisruptionbudgets.policy a/pods
            a/podtemplates a/replicasets.apps a/replicationcontrollers a/resourceclaims.resource.k8s.io
            a/resourceclaimtemplates.resource.k8s.io a/resourcequotas
            a/rolebindings.rbac.authorization.k8s.io a/roles.rbac.authorization.k8s.io a/secrets
            a/serviceaccounts a/services a/statefulsets.apps apiservices.apiregistration.k8s.io
            certificatesigningrequests.certificates.k8s.io clusterrolebindings.rbac.authorization.k8s.io
            clusterroles.rbac.authorization.k8s.io componentstatuses configmaps controllerrevisions.apps
            cronjobs.batch csidrivers.storage.k8s.io csinodes.storage.k8s.io
            csistoragecapacities.storage.k8s.io customresourcedefinitions.apiextensions.k8s.io
            daemonsets.apps deployments.apps deviceclasses.resource.k8s.io endpoints
            endpointslices.discovery.k8s.io events events.events.k8s.io
            flowschemas.flowcontrol.apiserver.k8s.io horizontalpodautoscalers.autoscaling
            ingressclasses.networking.k8s.io ingresses.networking.k8s.io ipaddresses.networking.k8s.io
            jobs.batch leases.coordination.k8s.io limitranges
            mutatingadmissionpolicies.admissionregistration.k8s.io
            mutatingadmissionpolicybindings.admissionregistration.k8s.io
            mutatingwebhookconfigurations.admissionregistration.k8s.io namespaces
            networkpolicies.networking.k8s.io nodes persistentvolumeclaims persistentvolumes
            poddisruptionbudgets.policy pods podtemplates priorityclasses.scheduling.k8s.io
            prioritylevelconfigurations.flowcontrol.apiserver.k8s.io replicasets.apps replicationcontrollers
            resourceclaims.resource.k8s.io resourceclaimtemplates.resource.k8s.io resourcequotas
            resourceslices.resource.k8s.io rolebindings.rbac.authorization.k8s.io
            roles.rbac.authorization.k8s.io runtimeclasses.node.k8s.io secrets serviceaccounts
            servicecidrs.networking.k8s.io services statefulsets.apps storageclasses.storage.k8s.io
            things.none.example.com validatingadmissionpolicies.admissionregistration.k8s.io
            validatingadmissionpolicybindings.admissionregistration.k8s.io
            validatingwebhookconfigurations.admissionregistration.k8s.io volumeattachments.storage.k8s.io
            volumeattributesclasses.storage.k8s.io
          update: a/resourcequotas/status
        system:controller:root-ca-cert-publisher
          create,patch,update: a/events a/events.events.k8s.io
          create,update: a/configmaps
        system:controller:route-controller
          create,patch,update: a/events a/events.events.k8s.io
          list: nodes
          patch: nodes/status
        system:controller:selinux-warning-controller
          create,patch,update: a/events a/events.events.k8s.io
          get,list: a/persistentvolumeclaims a/pods csidrivers.storage.k8s.io persistentvolumes
          list: persistentvolumeclaims pods
        system:controller:service-account-controller
          create: a/serviceaccounts
          create,patch,update: a/events a/events.events.k8s.io
        system:controller:service-ca-cert-publisher
          create,patch,update: a/events a/events.events.k8s.io
          create,update: a/configmaps
        system:controller:service-cidrs-controller
          create,patch,update: a/events a/events.events.k8s.io
          get,list: ipaddresses.networking.k8s.io
          get,list,patch,update: servicecidrs.networking.k8s.io
          patch,update: servicecidrs/status.networking.k8s.io
        system:controller:service-controller
          create,patch,update: a/events a/events.events.k8s.io
          get,list: a/services
          list: nodes services
          patch,update: a/services/status
        system:controller:statefulset-controller
          create,delete,get,list,patch,update: a/controllerrevisions.apps a/pods
          create,delete,get,list,update: a/persistentvolumeclaims
          create,patch,update: a/events a/events.events.k8s.io
          get,list: a/statefulsets.apps
          list: controllerrevisions.apps persistentvolumeclaims pods statefulsets.apps
          update: a/statefulsets/status.apps
        system:controller:ttl-after-finished-controller
          create,patch,update: a/events a/events.events.k8s.io
          delete,get,list: a/jobs.batch
          list: jobs.batch
        system:controller:ttl-controller
          create,patch,update: a/events a/events.events.k8s.io
          list,patch,update: nodes
        system:controller:validatingadmissionpolicy-status-controller
          create,patch,update: a/events a/events.events.k8s.io
          get,list: validatingadmissionpolicies.admissionregistration.k8s.io
          get,patch,update: validatingadmissionpolicies/status.admissionregistration.k8s.io
        system:controller:volumeattributesclass-protection-controller
          create,patch,update: a/events a/events.events.k8s.io
          get,list: a/persistentvolumeclaims persistentvolumes
          get,list,update: volumeattributesclasses.storage.k8s.io
          list: persistentvolumeclaims
        system:discovery
          get: /api /api/ /api/v1/ /apis /apis/ /apis/admissionregistration.k8s.io/
            /apis/admissionregistration.k8s.io/v1/ /apis/apiextensions.k8s.io/ /apis/apiextensions.k8s.io/v1/
            /apis/apiregistration.k8s.io/ /apis/apiregistration.k8s.io/v1/ /apis/apps/ /apis/apps/v1/
            /apis/authentication.k8s.io/ /apis/authentication.k8s.io/v1/ /apis/authorization.k8s.io/
            /apis/authorization.k8s.io/v1/ /apis/autoscaling/ /apis/autoscaling/v1/ /apis/autoscaling/v2/
            /apis/batch/ /apis/batch/v1/ /apis/certificates.k8s.io/ /apis/certificates.k8s.io/v1/
            /apis/coordination.k8s.io/ /apis/coordination.k8s.io/v1/ /apis/discovery.k8s.io/
            /apis/discovery.k8s.io/v1/ /apis/events.k8s.io/ /apis/events.k8s.io/v1/
            /apis/flowcontrol.apiserver.k8s.io/ /apis/flowcontrol.apiserver.k8s.io/v1/
            /apis/networking.k8s.io/ /apis/networking.k8s.io/v1/ /apis/node.k8s.io/ /apis/node.k8s.io/v1/
            /apis/policy/ /apis/policy/v1/ /apis/rbac.authorization.k8s.io/
            /apis/rbac.authorization.k8s.io/v1/ /apis/resource.k8s.io/ /apis/resource.k8s.io/v1/
            /apis/scheduling.k8s.io/ /apis/scheduling.k8s.io/v1/ /apis/storage.k8s.io/
            /apis/storage.k8s.io/v1/ /healthz /livez /openapi/v2 /openapi/v3 /openapi/v3/api/v1 /readyz
            /version /version/
        system:heapster
          get,list: a/events a/pods namespaces nodes
          list: events pods
        system:kube-aggregator
          get,list: a/endpoints a/services
          list: endpoints services
        system:kube-controller-manager
          create: a/serviceaccounts/token subjectaccessreviews.authorization.k8s.io
            tokenreviews.authentication.k8s.io
          create,delete,get,list,update: a/secrets
          create,get,list,update: a/serviceaccounts
          create,list: a/leases.coordination.k8s.io
          create,list,patch,update: a/events a/events.events.k8s.io
          get,list: a/configmaps namespaces
          list: a/controllerrevisions.apps a/cronjobs.batch a/csistoragecapacities.storage.k8s.io
            a/daemonsets.apps a/deployments.apps a/endpoints a/endpointslices.discovery.k8s.io
            a/horizontalpodautoscalers.autoscaling a/ingresses.networking.k8s.io a/jobs.batch a/limitranges
            a/networkpolicies.networking.k8s.io a/persistentvolumeclaims a/poddisruptionbudgets.policy a/pods
            a/podtemplates a/replicasets.apps a/replicationcontrollers a/resourceclaims.resource.k8s.io
            a/resourceclaimtemplates.resource.k8s.io a/resourcequotas
            a/rolebindings.rbac.authorization.k8s.io a/roles.rbac.authorization.k8s.io a/services
            a/statefulsets.apps apiservices.apiregistration.k8s.io
            certificatesigningrequests.certificates.k8s.io clusterrolebindings.rbac.authorization.k8s.io
            clusterroles.rbac.authorization.k8s.io componentstatuses configmaps controllerrevisions.apps
            cronjobs.batch csidrivers.storage.k8s.io csinodes.storage.k8s.io
            csistoragecapacities.storage.k8s.io customresourcedefinitions.apiextensions.k8s.io
            daemonsets.apps deployments.apps deviceclasses.resource.k8s.io endpoints
            endpointslices.discovery.k8s.io events events.events.k8s.io
            flowschemas.flowcontrol.apiserver.k8s.io horizontalpodautoscalers.autoscaling
            ingressclasses.networking.k8s.io ingresses.networking.k8s.io ipaddresses.networking.k8s.io
            jobs.batch leases.coordination.k8s.io limitranges
            mutatingadmissionpolicies.admissionregistration.k8s.io
            mutatingadmissionpolicybindings.admissionregistration.k8s.io
            mutatingwebhookconfigurations.admissionregistration.k8s.io networkpolicies.networking.k8s.io
            nodes persistentvolumeclaims persistentvolumes poddisruptionbudgets.policy pods podtemplates
            priorityclasses.scheduling.k8s.io prioritylevelconfigurations.flowcontrol.apiserver.k8s.io
            replicasets.apps replicationcontrollers resourceclaims.resource.k8s.io
            resourceclaimtemplates.resource.k8s.io resourcequotas resourceslices.resource.k8s.io
            rolebindings.rbac.authorization.k8s.io roles.rbac.authorization.k8s.io runtimeclasses.node.k8s.io
            secrets serviceaccounts servicecidrs.networking.k8s.io services statefulsets.apps
            storageclasses.storage.k8s.io things.none.example.com
            validatingadmissionpolicies.admissionregistration.k8s.io
            validatingadmissionpolicybindings.admissionregistration.k8s.io
            validatingwebhookconfigurations.admissionregistration.k8s.io volumeattachments.storage.k8s.io
            volumeattributesclasses.storage.k8s.io
        system:kube-dns
          list: a/endpoints a/services endpoints services
        system:kube-scheduler
          create: a/bindings a/leases.coordination.k8s.io a/pods/binding
            subjectaccessreviews.authorization.k8s.io tokenreviews.authentication.k8s.io
          create,delete,get,list,patch,update: a/resourceclaims.resource.k8s.io
          create,patch,update: a/events a/events.events.k8s.io
          delete,get,list: a/pods
          get,list: a/csistoragecapacities.storage.k8s.io a/persistentvolumeclaims
            a/poddisruptionbudgets.policy a/replicasets.apps a/replicationcontrollers a/services
            a/statefulsets.apps csidrivers.storage.k8s.io csinodes.storage.k8s.io
            deviceclasses.resource.k8s.io namespaces nodes persistentvolumes resourceslices.resource.k8s.io
            volumeattachments.storage.k8s.io
          get,patch,update: a/resourceclaims/status.resource.k8s.io
          list: csistoragecapacities.storage.k8s.io persistentvolumeclaims poddisruptionbudgets.policy pods
            replicasets.apps replicationcontrollers resourceclaims.resource.k8s.io services statefulsets.apps
          patch,update: a/pods/status
        system:kubelet-api-admin
          create,delete,get,patch,update: nodes/proxy
          get,list: nodes
        system:monitoring
          get: /healthz /healthz/ping /livez /metrics /metrics/slis /readyz
        system:node
          create: a/localsubjectaccessreviews.authorization.k8s.io a/pods/eviction a/serviceaccounts/token
            subjectaccessreviews.authorization.k8s.io tokenreviews.authentication.k8s.io
          create,delete,get,list: a/pods
          create,delete,get,patch,update: a/leases.coordination.k8s.io csinodes.storage.k8s.io
          create,get,list: certificatesigningrequests.certificates.k8s.io
          create,get,list,patch,update: nodes
          create,patch,update: a/events a/events.events.k8s.io
          deletecollection: resourceslices.resource.k8s.io
          get: a/endpoints a/persistentvolumeclaims a/resourceclaims.resource.k8s.io a/serviceaccounts
            persistentvolumes volumeattachments.storage.k8s.io
          get,list: a/configmaps a/secrets a/services csidrivers.storage.k8s.io runtimeclasses.node.k8s.io
          get,patch,update: a/persistentvolumeclaims/status
          list: configmaps pods secrets services
          patch,update: a/pods/status nodes/status
        system:node-bootstrapper
          create,get,list: certificatesigningrequests.certificates.k8s.io
        system:node-problem-detector
          create,patch,update: a/events a/events.events.k8s.io
          get: nodes
          patch: nodes/status
        system:node-proxier
          create,patch,update: a/events a/events.events.k8s.io
          get,list: nodes
          list: a/endpoints a/endpointslices.discovery.k8s.io a/services endpoints
            endpointslices.discovery.k8s.io servicecidrs.networking.k8s.io services
        system:persistent-volume-provisioner
          create,delete,get,list: persistentvolumes
          create,patch,update: a/events a/events.events.k8s.io
          get,list: storageclasses.storage.k8s.io
          get,list,update: a/persistentvolumeclaims
          list: persistentvolumeclaims
        system:public-info-viewer
          get: /healthz /livez /readyz /version /version/
        system:service-account-issuer-discovery
          get: /.well-known/openid-configuration /.well-known/openid-configuration/ /openid/v1/jwks
            /openid/v1/jwks/
        system:volume-scheduler
          get,list: storageclasses.storage.k8s.io
          get,list,patch,update: a/persistentvolumeclaims persistentvolumes
          list: persistentvolumeclaims
        view
          get: a/cronjobs/status.batch a/daemonsets/status.apps a/deployments/scale.apps
            a/deployments/status.apps a/horizontalpodautoscalers/status.autoscaling
            a/ingresses/status.networking.k8s.io a/jobs/status.batch a/persistentvolumeclaims/status
            a/poddisruptionbudgets/status.policy a/pods/log a/pods/status a/replicasets/scale.apps
            a/replicasets/status.apps a/replicationcontrollers/scale a/replicationcontrollers/status
            a/resourceclaims/status.resource.k8s.io a/resourcequotas/status a/services/status
            a/statefulsets/scale.apps a/statefulsets/status.apps
          get,list: a/configmaps a/controllerrevisions.apps a/cronjobs.batch a/daemonsets.apps
            a/deployments.apps a/endpoints a/endpointslices.discovery.k8s.io a/events a/events.events.k8s.io
            a/horizontalpodautoscalers.autoscaling a/ingresses.networking.k8s.io a/jobs.batch a/limitranges
            a/networkpolicies.networking.k8s.io a/persistentvolumeclaims a/poddisruptionbudgets.policy a/pods
            a/replicasets.apps a/replicationcontrollers a/resourceclaims.resource.k8s.io
            a/resourceclaimtemplates.resource.k8s.io a/resourcequotas a/serviceaccounts a/services
            a/statefulsets.apps namespaces
          list: configmaps controllerrevisions.apps cronjobs.batch daemonsets.apps deployments.apps endpoints
            endpointslices.discovery.k8s.io events events.events.k8s.io horizontalpodautoscalers.autoscaling
            ingresses.networking.k8s.io jobs.batch limitranges networkpolicies.networking.k8s.io
            persistentvolumeclaims poddisruptionbudgets.policy pods replicasets.apps replicationcontrollers
            resourceclaims.resource.k8s.io resourceclaimtemplates.resource.k8s.io resourcequotas
            serviceaccounts services statefulsets.apps
        """
}

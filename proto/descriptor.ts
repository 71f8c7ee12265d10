// Printed from proto/*.proto by `npm run codegen`. Do not edit.
import type { INamespace } from "protobufjs";

/** The .proto files as protobufjs reads them. */
export const descriptor = JSON.parse(`{
 "nested": {
  "skep": {
   "nested": {
    "v1": {
     "nested": {
      "GetRootCaCertificateRequest": {
       "fields": {}
      },
      "GetRootCaCertificateResponse": {
       "fields": {
        "certificate": {
         "type": "string",
         "id": 1
        }
       }
      },
      "IssueNodeCertificateRequest": {
       "fields": {
        "csr": {
         "type": "string",
         "id": 1
        },
        "token": {
         "type": "string",
         "id": 2
        },
        "availability": {
         "type": "NodeAvailability",
         "id": 3
        }
       }
      },
      "IssueNodeCertificateResponse": {
       "fields": {
        "nodeId": {
         "type": "string",
         "id": 1
        },
        "membership": {
         "type": "NodeMembership",
         "id": 2
        }
       }
      },
      "NodeCertificateStatusRequest": {
       "fields": {
        "nodeId": {
         "type": "string",
         "id": 1
        }
       }
      },
      "NodeCertificateStatusResponse": {
       "fields": {
        "certificate": {
         "type": "Certificate",
         "id": 1
        },
        "rootCa": {
         "type": "string",
         "id": 2
        }
       }
      },
      "GetUnlockKeyRequest": {
       "fields": {}
      },
      "GetUnlockKeyResponse": {
       "fields": {
        "unlockKey": {
         "type": "bytes",
         "id": 1
        },
        "version": {
         "type": "Version",
         "id": 2
        }
       }
      },
      "NodeCa": {
       "methods": {
        "GetRootCaCertificate": {
         "requestType": "GetRootCaCertificateRequest",
         "responseType": "GetRootCaCertificateResponse"
        },
        "IssueNodeCertificate": {
         "requestType": "IssueNodeCertificateRequest",
         "responseType": "IssueNodeCertificateResponse"
        },
        "NodeCertificateStatus": {
         "requestType": "NodeCertificateStatusRequest",
         "responseType": "NodeCertificateStatusResponse"
        },
        "GetUnlockKey": {
         "requestType": "GetUnlockKeyRequest",
         "responseType": "GetUnlockKeyResponse"
        }
       }
      },
      "JoinRaftRequest": {
       "fields": {
        "addr": {
         "type": "string",
         "id": 1
        },
        "controlAddr": {
         "type": "string",
         "id": 2
        }
       }
      },
      "RaftPeer": {
       "fields": {
        "id": {
         "type": "uint64",
         "id": 1
        },
        "nodeId": {
         "type": "string",
         "id": 2
        },
        "addr": {
         "type": "string",
         "id": 3
        },
        "controlAddr": {
         "type": "string",
         "id": 4
        },
        "learner": {
         "type": "bool",
         "id": 5
        }
       }
      },
      "JoinRaftResponse": {
       "fields": {
        "raftId": {
         "type": "uint64",
         "id": 1
        },
        "members": {
         "rule": "repeated",
         "type": "RaftPeer",
         "id": 2
        }
       }
      },
      "LeaveRaftRequest": {
       "fields": {}
      },
      "LeaveRaftResponse": {
       "fields": {}
      },
      "Membership": {
       "methods": {
        "JoinRaft": {
         "requestType": "JoinRaftRequest",
         "responseType": "JoinRaftResponse"
        },
        "LeaveRaft": {
         "requestType": "LeaveRaftRequest",
         "responseType": "LeaveRaftResponse"
        }
       }
      },
      "Version": {
       "fields": {
        "index": {
         "type": "uint64",
         "id": 1
        }
       }
      },
      "Meta": {
       "fields": {
        "version": {
         "type": "Version",
         "id": 1
        },
        "createdAtMs": {
         "type": "int64",
         "id": 2
        },
        "updatedAtMs": {
         "type": "int64",
         "id": 3
        }
       }
      },
      "Annotations": {
       "fields": {
        "name": {
         "type": "string",
         "id": 1
        },
        "labels": {
         "keyType": "string",
         "type": "string",
         "id": 2
        }
       }
      },
      "OptionalBool": {
       "fields": {
        "value": {
         "type": "bool",
         "id": 1
        }
       }
      },
      "OptionalInt64": {
       "fields": {
        "value": {
         "type": "int64",
         "id": 1
        }
       }
      },
      "Platform": {
       "fields": {
        "architecture": {
         "type": "string",
         "id": 1
        },
        "os": {
         "type": "string",
         "id": 2
        }
       }
      },
      "GenericResource": {
       "oneofs": {
        "resource": {
         "oneof": [
          "named",
          "discrete"
         ]
        }
       },
       "fields": {
        "named": {
         "type": "Named",
         "id": 1
        },
        "discrete": {
         "type": "Discrete",
         "id": 2
        }
       },
       "nested": {
        "Named": {
         "fields": {
          "kind": {
           "type": "string",
           "id": 1
          },
          "value": {
           "type": "string",
           "id": 2
          }
         }
        },
        "Discrete": {
         "fields": {
          "kind": {
           "type": "string",
           "id": 1
          },
          "value": {
           "type": "int64",
           "id": 2
          }
         }
        }
       }
      },
      "Resources": {
       "fields": {
        "nanoCpus": {
         "type": "int64",
         "id": 1
        },
        "memoryBytes": {
         "type": "int64",
         "id": 2
        },
        "generic": {
         "rule": "repeated",
         "type": "GenericResource",
         "id": 3
        },
        "pids": {
         "type": "int64",
         "id": 4
        }
       }
      },
      "ResourceRequirements": {
       "fields": {
        "limits": {
         "type": "Resources",
         "id": 1
        },
        "reservations": {
         "type": "Resources",
         "id": 2
        },
        "swapBytes": {
         "type": "OptionalInt64",
         "id": 3
        },
        "memorySwappiness": {
         "type": "OptionalInt64",
         "id": 4
        }
       }
      },
      "Driver": {
       "fields": {
        "name": {
         "type": "string",
         "id": 1
        },
        "options": {
         "keyType": "string",
         "type": "string",
         "id": 2
        }
       }
      },
      "TaskState": {
       "values": {
        "TASK_STATE_NEW": 0,
        "TASK_STATE_PENDING": 64,
        "TASK_STATE_ASSIGNED": 192,
        "TASK_STATE_ACCEPTED": 256,
        "TASK_STATE_PREPARING": 320,
        "TASK_STATE_READY": 384,
        "TASK_STATE_STARTING": 448,
        "TASK_STATE_RUNNING": 512,
        "TASK_STATE_COMPLETE": 576,
        "TASK_STATE_SHUTDOWN": 640,
        "TASK_STATE_FAILED": 704,
        "TASK_STATE_REJECTED": 768,
        "TASK_STATE_REMOVE": 800,
        "TASK_STATE_ORPHANED": 832
       }
      },
      "NodeRole": {
       "values": {
        "NODE_ROLE_WORKER": 0,
        "NODE_ROLE_MANAGER": 1
       }
      },
      "NodeMembership": {
       "values": {
        "NODE_MEMBERSHIP_PENDING": 0,
        "NODE_MEMBERSHIP_ACCEPTED": 1
       }
      },
      "NodeAvailability": {
       "values": {
        "NODE_AVAILABILITY_ACTIVE": 0,
        "NODE_AVAILABILITY_PAUSE": 1,
        "NODE_AVAILABILITY_DRAIN": 2
       }
      },
      "NodeState": {
       "values": {
        "NODE_STATE_UNKNOWN": 0,
        "NODE_STATE_DOWN": 1,
        "NODE_STATE_READY": 2,
        "NODE_STATE_DISCONNECTED": 3
       }
      },
      "IssuanceState": {
       "values": {
        "ISSUANCE_STATE_UNKNOWN": 0,
        "ISSUANCE_STATE_RENEW": 1,
        "ISSUANCE_STATE_PENDING": 2,
        "ISSUANCE_STATE_ISSUED": 3,
        "ISSUANCE_STATE_FAILED": 4,
        "ISSUANCE_STATE_ROTATE": 5
       }
      },
      "PlacementStrategy": {
       "values": {
        "PLACEMENT_STRATEGY_DEFAULT": 0,
        "PLACEMENT_STRATEGY_SPREAD": 1,
        "PLACEMENT_STRATEGY_BINPACK": 2,
        "PLACEMENT_STRATEGY_RANDOM": 3
       }
      },
      "PortProtocol": {
       "values": {
        "PORT_PROTOCOL_TCP": 0,
        "PORT_PROTOCOL_UDP": 1,
        "PORT_PROTOCOL_SCTP": 2
       }
      },
      "PublishMode": {
       "values": {
        "PUBLISH_MODE_INGRESS": 0,
        "PUBLISH_MODE_HOST": 1
       }
      },
      "PortConfig": {
       "fields": {
        "name": {
         "type": "string",
         "id": 1
        },
        "protocol": {
         "type": "PortProtocol",
         "id": 2
        },
        "targetPort": {
         "type": "uint32",
         "id": 3
        },
        "publishedPort": {
         "type": "uint32",
         "id": 4
        },
        "publishMode": {
         "type": "PublishMode",
         "id": 5
        }
       }
      },
      "ContainerStatus": {
       "fields": {
        "containerId": {
         "type": "string",
         "id": 1
        },
        "pid": {
         "type": "int64",
         "id": 2
        },
        "exitCode": {
         "type": "int32",
         "id": 3
        }
       }
      },
      "TaskStatus": {
       "fields": {
        "timestampMs": {
         "type": "int64",
         "id": 1
        },
        "state": {
         "type": "TaskState",
         "id": 2
        },
        "message": {
         "type": "string",
         "id": 3
        },
        "err": {
         "type": "string",
         "id": 4
        },
        "container": {
         "type": "ContainerStatus",
         "id": 5
        },
        "ports": {
         "rule": "repeated",
         "type": "PortConfig",
         "id": 6
        },
        "appliedBy": {
         "type": "string",
         "id": 7
        },
        "appliedAtMs": {
         "type": "int64",
         "id": 8
        }
       }
      },
      "EngineDescription": {
       "fields": {
        "engineVersion": {
         "type": "string",
         "id": 1
        },
        "labels": {
         "keyType": "string",
         "type": "string",
         "id": 2
        },
        "plugins": {
         "rule": "repeated",
         "type": "Plugin",
         "id": 3
        }
       },
       "nested": {
        "Plugin": {
         "fields": {
          "type": {
           "type": "string",
           "id": 1
          },
          "name": {
           "type": "string",
           "id": 2
          }
         }
        }
       }
      },
      "NodeTlsInfo": {
       "fields": {
        "trustRoot": {
         "type": "string",
         "id": 1
        },
        "certIssuerSubject": {
         "type": "bytes",
         "id": 2
        },
        "certIssuerPublicKey": {
         "type": "bytes",
         "id": 3
        }
       }
      },
      "CsiNodeInfo": {
       "fields": {
        "pluginName": {
         "type": "string",
         "id": 1
        },
        "nodeId": {
         "type": "string",
         "id": 2
        },
        "maxVolumesPerNode": {
         "type": "int64",
         "id": 3
        },
        "accessibleTopology": {
         "keyType": "string",
         "type": "string",
         "id": 4
        }
       }
      },
      "NodeDescription": {
       "fields": {
        "hostname": {
         "type": "string",
         "id": 1
        },
        "platform": {
         "type": "Platform",
         "id": 2
        },
        "resources": {
         "type": "Resources",
         "id": 3
        },
        "engine": {
         "type": "EngineDescription",
         "id": 4
        },
        "tlsInfo": {
         "type": "NodeTlsInfo",
         "id": 5
        },
        "csiInfo": {
         "rule": "repeated",
         "type": "CsiNodeInfo",
         "id": 6
        },
        "runtimes": {
         "rule": "repeated",
         "type": "string",
         "id": 7
        },
        "devices": {
         "rule": "repeated",
         "type": "string",
         "id": 8
        }
       }
      },
      "NodeStatus": {
       "fields": {
        "state": {
         "type": "NodeState",
         "id": 1
        },
        "message": {
         "type": "string",
         "id": 2
        },
        "addr": {
         "type": "string",
         "id": 3
        },
        "sinceMs": {
         "type": "int64",
         "id": 4
        }
       }
      },
      "Reachability": {
       "values": {
        "REACHABILITY_UNKNOWN": 0,
        "REACHABILITY_UNREACHABLE": 1,
        "REACHABILITY_REACHABLE": 2
       }
      },
      "ManagerStatus": {
       "fields": {
        "raftId": {
         "type": "uint64",
         "id": 1
        },
        "addr": {
         "type": "string",
         "id": 2
        },
        "leader": {
         "type": "bool",
         "id": 3
        },
        "reachability": {
         "type": "Reachability",
         "id": 4
        }
       }
      },
      "Certificate": {
       "fields": {
        "role": {
         "type": "NodeRole",
         "id": 1
        },
        "csr": {
         "type": "string",
         "id": 2
        },
        "certificate": {
         "type": "string",
         "id": 3
        },
        "state": {
         "type": "IssuanceState",
         "id": 4
        },
        "err": {
         "type": "string",
         "id": 5
        },
        "cn": {
         "type": "string",
         "id": 6
        }
       }
      },
      "IpamConfig": {
       "fields": {
        "subnet": {
         "type": "string",
         "id": 1
        },
        "range": {
         "type": "string",
         "id": 2
        },
        "gateway": {
         "type": "string",
         "id": 3
        },
        "reserved": {
         "keyType": "string",
         "type": "string",
         "id": 4
        }
       }
      },
      "IpamOptions": {
       "fields": {
        "driver": {
         "type": "Driver",
         "id": 1
        },
        "configs": {
         "rule": "repeated",
         "type": "IpamConfig",
         "id": 2
        }
       }
      },
      "NetworkAttachment": {
       "fields": {
        "networkId": {
         "type": "string",
         "id": 1
        },
        "addresses": {
         "rule": "repeated",
         "type": "string",
         "id": 2
        },
        "aliases": {
         "rule": "repeated",
         "type": "string",
         "id": 3
        },
        "driverOpts": {
         "keyType": "string",
         "type": "string",
         "id": 4
        }
       }
      },
      "VirtualIp": {
       "fields": {
        "networkId": {
         "type": "string",
         "id": 1
        },
        "addr": {
         "type": "string",
         "id": 2
        }
       }
      },
      "VolumeAttachment": {
       "fields": {
        "id": {
         "type": "string",
         "id": 1
        },
        "source": {
         "type": "string",
         "id": 2
        },
        "target": {
         "type": "string",
         "id": 3
        }
       }
      },
      "ReadConsistency": {
       "values": {
        "READ_CONSISTENCY_LOCAL": 0,
        "READ_CONSISTENCY_LINEARIZABLE": 1,
        "READ_CONSISTENCY_RECENT": 2
       }
      },
      "ListFilter": {
       "fields": {
        "ids": {
         "rule": "repeated",
         "type": "string",
         "id": 1
        },
        "idPrefixes": {
         "rule": "repeated",
         "type": "string",
         "id": 2
        },
        "names": {
         "rule": "repeated",
         "type": "string",
         "id": 3
        },
        "namePrefixes": {
         "rule": "repeated",
         "type": "string",
         "id": 4
        },
        "labels": {
         "rule": "repeated",
         "type": "string",
         "id": 5
        },
        "nodeLabels": {
         "rule": "repeated",
         "type": "string",
         "id": 6
        },
        "roles": {
         "rule": "repeated",
         "type": "NodeRole",
         "id": 7
        },
        "memberships": {
         "rule": "repeated",
         "type": "NodeMembership",
         "id": 8
        },
        "serviceIds": {
         "rule": "repeated",
         "type": "string",
         "id": 9
        },
        "nodeIds": {
         "rule": "repeated",
         "type": "string",
         "id": 10
        },
        "desiredStates": {
         "rule": "repeated",
         "type": "TaskState",
         "id": 11
        },
        "upToDate": {
         "type": "bool",
         "id": 12
        },
        "runtimes": {
         "rule": "repeated",
         "type": "string",
         "id": 13
        },
        "modes": {
         "rule": "repeated",
         "type": "string",
         "id": 14
        },
        "group": {
         "type": "string",
         "id": 15
        },
        "kind": {
         "type": "string",
         "id": 16
        }
       }
      },
      "Page": {
       "fields": {
        "limit": {
         "type": "uint32",
         "id": 1
        },
        "after": {
         "type": "string",
         "id": 2
        }
       }
      },
      "GetNodeRequest": {
       "fields": {
        "ref": {
         "type": "string",
         "id": 1
        },
        "consistency": {
         "type": "ReadConsistency",
         "id": 2
        }
       }
      },
      "GetNodeResponse": {
       "fields": {
        "node": {
         "type": "Node",
         "id": 1
        }
       }
      },
      "ListNodesRequest": {
       "fields": {
        "filter": {
         "type": "ListFilter",
         "id": 1
        },
        "page": {
         "type": "Page",
         "id": 2
        },
        "consistency": {
         "type": "ReadConsistency",
         "id": 3
        }
       }
      },
      "ListNodesResponse": {
       "fields": {
        "nodes": {
         "rule": "repeated",
         "type": "Node",
         "id": 1
        },
        "next": {
         "type": "string",
         "id": 2
        }
       }
      },
      "UpdateNodeRequest": {
       "fields": {
        "id": {
         "type": "string",
         "id": 1
        },
        "version": {
         "type": "Version",
         "id": 2
        },
        "spec": {
         "type": "NodeSpec",
         "id": 3
        }
       }
      },
      "UpdateNodeResponse": {
       "fields": {
        "node": {
         "type": "Node",
         "id": 1
        }
       }
      },
      "RemoveNodeRequest": {
       "fields": {
        "ref": {
         "type": "string",
         "id": 1
        },
        "force": {
         "type": "bool",
         "id": 2
        }
       }
      },
      "RemoveNodeResponse": {
       "fields": {}
      },
      "GetServiceRequest": {
       "fields": {
        "ref": {
         "type": "string",
         "id": 1
        },
        "consistency": {
         "type": "ReadConsistency",
         "id": 2
        },
        "insertDefaults": {
         "type": "bool",
         "id": 3
        }
       }
      },
      "GetServiceResponse": {
       "fields": {
        "service": {
         "type": "Service",
         "id": 1
        }
       }
      },
      "ListServicesRequest": {
       "fields": {
        "filter": {
         "type": "ListFilter",
         "id": 1
        },
        "page": {
         "type": "Page",
         "id": 2
        },
        "consistency": {
         "type": "ReadConsistency",
         "id": 3
        }
       }
      },
      "ListServicesResponse": {
       "fields": {
        "services": {
         "rule": "repeated",
         "type": "Service",
         "id": 1
        },
        "next": {
         "type": "string",
         "id": 2
        }
       }
      },
      "CreateServiceRequest": {
       "fields": {
        "spec": {
         "type": "ServiceSpec",
         "id": 1
        }
       }
      },
      "CreateServiceResponse": {
       "fields": {
        "service": {
         "type": "Service",
         "id": 1
        },
        "warnings": {
         "rule": "repeated",
         "type": "string",
         "id": 2
        }
       }
      },
      "UpdateServiceRequest": {
       "fields": {
        "id": {
         "type": "string",
         "id": 1
        },
        "version": {
         "type": "Version",
         "id": 2
        },
        "spec": {
         "type": "ServiceSpec",
         "id": 3
        },
        "rollback": {
         "type": "Rollback",
         "id": 4
        },
        "registryAuthFromPrevious": {
         "type": "bool",
         "id": 5
        }
       },
       "nested": {
        "Rollback": {
         "values": {
          "ROLLBACK_NONE": 0,
          "ROLLBACK_PREVIOUS": 1
         }
        }
       }
      },
      "UpdateServiceResponse": {
       "fields": {
        "service": {
         "type": "Service",
         "id": 1
        },
        "warnings": {
         "rule": "repeated",
         "type": "string",
         "id": 2
        }
       }
      },
      "RemoveServiceRequest": {
       "fields": {
        "ref": {
         "type": "string",
         "id": 1
        }
       }
      },
      "RemoveServiceResponse": {
       "fields": {}
      },
      "GetTaskRequest": {
       "fields": {
        "ref": {
         "type": "string",
         "id": 1
        },
        "consistency": {
         "type": "ReadConsistency",
         "id": 2
        }
       }
      },
      "GetTaskResponse": {
       "fields": {
        "task": {
         "type": "Task",
         "id": 1
        }
       }
      },
      "ExplainTaskRequest": {
       "fields": {
        "ref": {
         "type": "string",
         "id": 1
        },
        "node": {
         "type": "string",
         "id": 2
        }
       }
      },
      "Lack": {
       "fields": {
        "filter": {
         "type": "string",
         "id": 1
        },
        "what": {
         "type": "string",
         "id": 2
        },
        "needed": {
         "type": "string",
         "id": 3
        },
        "available": {
         "type": "string",
         "id": 4
        },
        "change": {
         "type": "string",
         "id": 5
        }
       }
      },
      "NodeVerdict": {
       "fields": {
        "nodeId": {
         "type": "string",
         "id": 1
        },
        "hostname": {
         "type": "string",
         "id": 2
        },
        "lacks": {
         "rule": "repeated",
         "type": "Lack",
         "id": 3
        },
        "serviceTasks": {
         "type": "uint64",
         "id": 4
        },
        "tasks": {
         "type": "uint64",
         "id": 5
        }
       }
      },
      "ExplainTaskResponse": {
       "fields": {
        "taskId": {
         "type": "string",
         "id": 1
        },
        "nodeId": {
         "type": "string",
         "id": 2
        },
        "state": {
         "type": "TaskState",
         "id": 3
        },
        "message": {
         "type": "string",
         "id": 4
        },
        "err": {
         "type": "string",
         "id": 5
        },
        "nodes": {
         "rule": "repeated",
         "type": "NodeVerdict",
         "id": 6
        },
        "smallestChange": {
         "type": "string",
         "id": 7
        }
       }
      },
      "NodeShare": {
       "fields": {
        "nodeId": {
         "type": "string",
         "id": 1
        },
        "hostname": {
         "type": "string",
         "id": 2
        },
        "tasks": {
         "type": "uint64",
         "id": 3
        }
       }
      },
      "PlanServiceRequest": {
       "fields": {
        "id": {
         "type": "string",
         "id": 1
        },
        "spec": {
         "type": "ServiceSpec",
         "id": 2
        }
       }
      },
      "PlanServiceResponse": {
       "fields": {
        "placements": {
         "rule": "repeated",
         "type": "NodeShare",
         "id": 1
        },
        "kept": {
         "type": "uint64",
         "id": 2
        },
        "replaced": {
         "type": "uint64",
         "id": 3
        },
        "removed": {
         "type": "uint64",
         "id": 4
        },
        "waiting": {
         "type": "uint64",
         "id": 5
        },
        "explanation": {
         "type": "string",
         "id": 6
        }
       }
      },
      "RebalanceRequest": {
       "fields": {
        "services": {
         "rule": "repeated",
         "type": "string",
         "id": 1
        },
        "movesMax": {
         "type": "uint64",
         "id": 2
        },
        "dryRun": {
         "type": "bool",
         "id": 3
        }
       }
      },
      "TaskMoveState": {
       "fields": {
        "taskId": {
         "type": "string",
         "id": 1
        },
        "serviceId": {
         "type": "string",
         "id": 2
        },
        "serviceName": {
         "type": "string",
         "id": 3
        },
        "slot": {
         "type": "uint64",
         "id": 4
        },
        "fromNodeId": {
         "type": "string",
         "id": 5
        },
        "fromHostname": {
         "type": "string",
         "id": 6
        },
        "toNodeId": {
         "type": "string",
         "id": 7
        },
        "toHostname": {
         "type": "string",
         "id": 8
        },
        "requestedAtMs": {
         "type": "int64",
         "id": 9
        },
        "phase": {
         "type": "Phase",
         "id": 10
        },
        "reason": {
         "type": "string",
         "id": 11
        },
        "successorId": {
         "type": "string",
         "id": 12
        }
       },
       "nested": {
        "Phase": {
         "values": {
          "PHASE_WAITING": 0,
          "PHASE_STARTING": 1,
          "PHASE_DONE": 2,
          "PHASE_GIVEN_UP": 3
         }
        }
       }
      },
      "RebalanceResponse": {
       "fields": {
        "moves": {
         "rule": "repeated",
         "type": "TaskMoveState",
         "id": 1
        }
       }
      },
      "ListMovesRequest": {
       "fields": {
        "services": {
         "rule": "repeated",
         "type": "string",
         "id": 1
        },
        "consistency": {
         "type": "ReadConsistency",
         "id": 2
        }
       }
      },
      "ListMovesResponse": {
       "fields": {
        "moves": {
         "rule": "repeated",
         "type": "TaskMoveState",
         "id": 1
        }
       }
      },
      "WhatIfRequest": {
       "fields": {
        "down": {
         "rule": "repeated",
         "type": "string",
         "id": 1
        }
       }
      },
      "ServiceFate": {
       "fields": {
        "serviceId": {
         "type": "string",
         "id": 1
        },
        "name": {
         "type": "string",
         "id": 2
        },
        "untouched": {
         "type": "uint64",
         "id": 3
        },
        "moved": {
         "type": "uint64",
         "id": 4
        },
        "lost": {
         "type": "uint64",
         "id": 5
        },
        "explanation": {
         "type": "string",
         "id": 6
        }
       }
      },
      "WhatIfResponse": {
       "fields": {
        "services": {
         "rule": "repeated",
         "type": "ServiceFate",
         "id": 1
        },
        "keepsQuorum": {
         "type": "bool",
         "id": 2
        }
       }
      },
      "ListTasksRequest": {
       "fields": {
        "filter": {
         "type": "ListFilter",
         "id": 1
        },
        "page": {
         "type": "Page",
         "id": 2
        },
        "consistency": {
         "type": "ReadConsistency",
         "id": 3
        }
       }
      },
      "ListTasksResponse": {
       "fields": {
        "tasks": {
         "rule": "repeated",
         "type": "Task",
         "id": 1
        },
        "next": {
         "type": "string",
         "id": 2
        }
       }
      },
      "RemoveTaskRequest": {
       "fields": {
        "ref": {
         "type": "string",
         "id": 1
        }
       }
      },
      "RemoveTaskResponse": {
       "fields": {}
      },
      "GetNetworkRequest": {
       "fields": {
        "ref": {
         "type": "string",
         "id": 1
        },
        "consistency": {
         "type": "ReadConsistency",
         "id": 2
        }
       }
      },
      "GetNetworkResponse": {
       "fields": {
        "network": {
         "type": "Network",
         "id": 1
        }
       }
      },
      "ListNetworksRequest": {
       "fields": {
        "filter": {
         "type": "ListFilter",
         "id": 1
        },
        "page": {
         "type": "Page",
         "id": 2
        },
        "consistency": {
         "type": "ReadConsistency",
         "id": 3
        }
       }
      },
      "ListNetworksResponse": {
       "fields": {
        "networks": {
         "rule": "repeated",
         "type": "Network",
         "id": 1
        },
        "next": {
         "type": "string",
         "id": 2
        }
       }
      },
      "CreateNetworkRequest": {
       "fields": {
        "spec": {
         "type": "NetworkSpec",
         "id": 1
        }
       }
      },
      "CreateNetworkResponse": {
       "fields": {
        "network": {
         "type": "Network",
         "id": 1
        }
       }
      },
      "RemoveNetworkRequest": {
       "fields": {
        "ref": {
         "type": "string",
         "id": 1
        }
       }
      },
      "RemoveNetworkResponse": {
       "fields": {}
      },
      "GetSecretRequest": {
       "fields": {
        "ref": {
         "type": "string",
         "id": 1
        },
        "consistency": {
         "type": "ReadConsistency",
         "id": 2
        }
       }
      },
      "GetSecretResponse": {
       "fields": {
        "secret": {
         "type": "Secret",
         "id": 1
        }
       }
      },
      "ListSecretsRequest": {
       "fields": {
        "filter": {
         "type": "ListFilter",
         "id": 1
        },
        "page": {
         "type": "Page",
         "id": 2
        },
        "consistency": {
         "type": "ReadConsistency",
         "id": 3
        }
       }
      },
      "ListSecretsResponse": {
       "fields": {
        "secrets": {
         "rule": "repeated",
         "type": "Secret",
         "id": 1
        },
        "next": {
         "type": "string",
         "id": 2
        }
       }
      },
      "CreateSecretRequest": {
       "fields": {
        "spec": {
         "type": "SecretSpec",
         "id": 1
        }
       }
      },
      "CreateSecretResponse": {
       "fields": {
        "secret": {
         "type": "Secret",
         "id": 1
        }
       }
      },
      "UpdateSecretRequest": {
       "fields": {
        "id": {
         "type": "string",
         "id": 1
        },
        "version": {
         "type": "Version",
         "id": 2
        },
        "spec": {
         "type": "SecretSpec",
         "id": 3
        }
       }
      },
      "UpdateSecretResponse": {
       "fields": {
        "secret": {
         "type": "Secret",
         "id": 1
        }
       }
      },
      "RemoveSecretRequest": {
       "fields": {
        "ref": {
         "type": "string",
         "id": 1
        }
       }
      },
      "RemoveSecretResponse": {
       "fields": {}
      },
      "GetConfigRequest": {
       "fields": {
        "ref": {
         "type": "string",
         "id": 1
        },
        "consistency": {
         "type": "ReadConsistency",
         "id": 2
        }
       }
      },
      "GetConfigResponse": {
       "fields": {
        "config": {
         "type": "Config",
         "id": 1
        }
       }
      },
      "ListConfigsRequest": {
       "fields": {
        "filter": {
         "type": "ListFilter",
         "id": 1
        },
        "page": {
         "type": "Page",
         "id": 2
        },
        "consistency": {
         "type": "ReadConsistency",
         "id": 3
        }
       }
      },
      "ListConfigsResponse": {
       "fields": {
        "configs": {
         "rule": "repeated",
         "type": "Config",
         "id": 1
        },
        "next": {
         "type": "string",
         "id": 2
        }
       }
      },
      "CreateConfigRequest": {
       "fields": {
        "spec": {
         "type": "ConfigSpec",
         "id": 1
        }
       }
      },
      "CreateConfigResponse": {
       "fields": {
        "config": {
         "type": "Config",
         "id": 1
        }
       }
      },
      "UpdateConfigRequest": {
       "fields": {
        "id": {
         "type": "string",
         "id": 1
        },
        "version": {
         "type": "Version",
         "id": 2
        },
        "spec": {
         "type": "ConfigSpec",
         "id": 3
        }
       }
      },
      "UpdateConfigResponse": {
       "fields": {
        "config": {
         "type": "Config",
         "id": 1
        }
       }
      },
      "RemoveConfigRequest": {
       "fields": {
        "ref": {
         "type": "string",
         "id": 1
        }
       }
      },
      "RemoveConfigResponse": {
       "fields": {}
      },
      "GetVolumeRequest": {
       "fields": {
        "ref": {
         "type": "string",
         "id": 1
        },
        "consistency": {
         "type": "ReadConsistency",
         "id": 2
        }
       }
      },
      "GetVolumeResponse": {
       "fields": {
        "volume": {
         "type": "Volume",
         "id": 1
        }
       }
      },
      "ListVolumesRequest": {
       "fields": {
        "filter": {
         "type": "ListFilter",
         "id": 1
        },
        "page": {
         "type": "Page",
         "id": 2
        },
        "consistency": {
         "type": "ReadConsistency",
         "id": 3
        }
       }
      },
      "ListVolumesResponse": {
       "fields": {
        "volumes": {
         "rule": "repeated",
         "type": "Volume",
         "id": 1
        },
        "next": {
         "type": "string",
         "id": 2
        }
       }
      },
      "CreateVolumeRequest": {
       "fields": {
        "spec": {
         "type": "VolumeSpec",
         "id": 1
        }
       }
      },
      "CreateVolumeResponse": {
       "fields": {
        "volume": {
         "type": "Volume",
         "id": 1
        }
       }
      },
      "UpdateVolumeRequest": {
       "fields": {
        "id": {
         "type": "string",
         "id": 1
        },
        "version": {
         "type": "Version",
         "id": 2
        },
        "spec": {
         "type": "VolumeSpec",
         "id": 3
        }
       }
      },
      "UpdateVolumeResponse": {
       "fields": {
        "volume": {
         "type": "Volume",
         "id": 1
        }
       }
      },
      "RemoveVolumeRequest": {
       "fields": {
        "ref": {
         "type": "string",
         "id": 1
        },
        "force": {
         "type": "bool",
         "id": 2
        }
       }
      },
      "RemoveVolumeResponse": {
       "fields": {}
      },
      "GetExtensionRequest": {
       "fields": {
        "ref": {
         "type": "string",
         "id": 1
        },
        "consistency": {
         "type": "ReadConsistency",
         "id": 2
        }
       }
      },
      "GetExtensionResponse": {
       "fields": {
        "extension": {
         "type": "Extension",
         "id": 1
        }
       }
      },
      "ListExtensionsRequest": {
       "fields": {
        "filter": {
         "type": "ListFilter",
         "id": 1
        },
        "page": {
         "type": "Page",
         "id": 2
        },
        "consistency": {
         "type": "ReadConsistency",
         "id": 3
        }
       }
      },
      "ListExtensionsResponse": {
       "fields": {
        "extensions": {
         "rule": "repeated",
         "type": "Extension",
         "id": 1
        },
        "next": {
         "type": "string",
         "id": 2
        }
       }
      },
      "CreateExtensionRequest": {
       "fields": {
        "annotations": {
         "type": "Annotations",
         "id": 1
        },
        "description": {
         "type": "string",
         "id": 2
        }
       }
      },
      "CreateExtensionResponse": {
       "fields": {
        "extension": {
         "type": "Extension",
         "id": 1
        }
       }
      },
      "RemoveExtensionRequest": {
       "fields": {
        "ref": {
         "type": "string",
         "id": 1
        }
       }
      },
      "RemoveExtensionResponse": {
       "fields": {}
      },
      "GetResourceRequest": {
       "fields": {
        "ref": {
         "type": "string",
         "id": 1
        },
        "consistency": {
         "type": "ReadConsistency",
         "id": 2
        }
       }
      },
      "GetResourceResponse": {
       "fields": {
        "resource": {
         "type": "Resource",
         "id": 1
        }
       }
      },
      "ListResourcesRequest": {
       "fields": {
        "filter": {
         "type": "ListFilter",
         "id": 1
        },
        "page": {
         "type": "Page",
         "id": 2
        },
        "consistency": {
         "type": "ReadConsistency",
         "id": 3
        }
       }
      },
      "ListResourcesResponse": {
       "fields": {
        "resources": {
         "rule": "repeated",
         "type": "Resource",
         "id": 1
        },
        "next": {
         "type": "string",
         "id": 2
        }
       }
      },
      "CreateResourceRequest": {
       "fields": {
        "annotations": {
         "type": "Annotations",
         "id": 1
        },
        "kind": {
         "type": "string",
         "id": 2
        },
        "payload": {
         "type": "bytes",
         "id": 3
        }
       }
      },
      "CreateResourceResponse": {
       "fields": {
        "resource": {
         "type": "Resource",
         "id": 1
        }
       }
      },
      "UpdateResourceRequest": {
       "fields": {
        "id": {
         "type": "string",
         "id": 1
        },
        "version": {
         "type": "Version",
         "id": 2
        },
        "annotations": {
         "type": "Annotations",
         "id": 3
        },
        "payload": {
         "type": "bytes",
         "id": 4
        }
       }
      },
      "UpdateResourceResponse": {
       "fields": {
        "resource": {
         "type": "Resource",
         "id": 1
        }
       }
      },
      "RemoveResourceRequest": {
       "fields": {
        "ref": {
         "type": "string",
         "id": 1
        }
       }
      },
      "RemoveResourceResponse": {
       "fields": {}
      },
      "ServiceTaskCounts": {
       "fields": {
        "serviceId": {
         "type": "string",
         "id": 1
        },
        "desired": {
         "type": "uint64",
         "id": 2
        },
        "running": {
         "type": "uint64",
         "id": 3
        },
        "completed": {
         "type": "uint64",
         "id": 4
        }
       }
      },
      "ListServiceStatusesRequest": {
       "fields": {
        "serviceIds": {
         "rule": "repeated",
         "type": "string",
         "id": 1
        }
       }
      },
      "ListServiceStatusesResponse": {
       "fields": {
        "statuses": {
         "rule": "repeated",
         "type": "ServiceTaskCounts",
         "id": 1
        }
       }
      },
      "GetClusterRequest": {
       "fields": {
        "consistency": {
         "type": "ReadConsistency",
         "id": 1
        }
       }
      },
      "GetClusterResponse": {
       "fields": {
        "cluster": {
         "type": "Cluster",
         "id": 1
        }
       }
      },
      "KeyRotation": {
       "fields": {
        "workerJoinToken": {
         "type": "bool",
         "id": 1
        },
        "managerJoinToken": {
         "type": "bool",
         "id": 2
        },
        "managerUnlockKey": {
         "type": "bool",
         "id": 3
        }
       }
      },
      "UpdateClusterRequest": {
       "fields": {
        "version": {
         "type": "Version",
         "id": 1
        },
        "spec": {
         "type": "ClusterSpec",
         "id": 2
        },
        "rotation": {
         "type": "KeyRotation",
         "id": 3
        }
       }
      },
      "UpdateClusterResponse": {
       "fields": {
        "cluster": {
         "type": "Cluster",
         "id": 1
        }
       }
      },
      "ReadUnlockKeyRequest": {
       "fields": {}
      },
      "ReadUnlockKeyResponse": {
       "fields": {
        "unlockKey": {
         "type": "bytes",
         "id": 1
        }
       }
      },
      "WatchRequest": {
       "fields": {
        "entries": {
         "rule": "repeated",
         "type": "Entry",
         "id": 1
        },
        "resumeFrom": {
         "type": "Version",
         "id": 2
        },
        "includeOldObject": {
         "type": "bool",
         "id": 3
        }
       },
       "nested": {
        "Entry": {
         "fields": {
          "table": {
           "type": "string",
           "id": 1
          },
          "kinds": {
           "rule": "repeated",
           "type": "ChangeKind",
           "id": 2
          },
          "filter": {
           "type": "ListFilter",
           "id": 3
          }
         }
        }
       }
      },
      "WatchEvent": {
       "fields": {
        "kind": {
         "type": "ChangeKind",
         "id": 1
        },
        "object": {
         "type": "StoreObject",
         "id": 2
        },
        "oldObject": {
         "type": "StoreObject",
         "id": 3
        }
       }
      },
      "WatchMessage": {
       "fields": {
        "events": {
         "rule": "repeated",
         "type": "WatchEvent",
         "id": 1
        },
        "version": {
         "type": "Version",
         "id": 2
        }
       }
      },
      "Control": {
       "methods": {
        "GetNode": {
         "requestType": "GetNodeRequest",
         "responseType": "GetNodeResponse"
        },
        "ListNodes": {
         "requestType": "ListNodesRequest",
         "responseType": "ListNodesResponse"
        },
        "UpdateNode": {
         "requestType": "UpdateNodeRequest",
         "responseType": "UpdateNodeResponse"
        },
        "RemoveNode": {
         "requestType": "RemoveNodeRequest",
         "responseType": "RemoveNodeResponse"
        },
        "GetService": {
         "requestType": "GetServiceRequest",
         "responseType": "GetServiceResponse"
        },
        "ListServices": {
         "requestType": "ListServicesRequest",
         "responseType": "ListServicesResponse"
        },
        "CreateService": {
         "requestType": "CreateServiceRequest",
         "responseType": "CreateServiceResponse"
        },
        "UpdateService": {
         "requestType": "UpdateServiceRequest",
         "responseType": "UpdateServiceResponse"
        },
        "RemoveService": {
         "requestType": "RemoveServiceRequest",
         "responseType": "RemoveServiceResponse"
        },
        "GetTask": {
         "requestType": "GetTaskRequest",
         "responseType": "GetTaskResponse"
        },
        "ListTasks": {
         "requestType": "ListTasksRequest",
         "responseType": "ListTasksResponse"
        },
        "RemoveTask": {
         "requestType": "RemoveTaskRequest",
         "responseType": "RemoveTaskResponse"
        },
        "ExplainTask": {
         "requestType": "ExplainTaskRequest",
         "responseType": "ExplainTaskResponse"
        },
        "PlanService": {
         "requestType": "PlanServiceRequest",
         "responseType": "PlanServiceResponse"
        },
        "WhatIf": {
         "requestType": "WhatIfRequest",
         "responseType": "WhatIfResponse"
        },
        "Rebalance": {
         "requestType": "RebalanceRequest",
         "responseType": "RebalanceResponse"
        },
        "ListMoves": {
         "requestType": "ListMovesRequest",
         "responseType": "ListMovesResponse"
        },
        "GetNetwork": {
         "requestType": "GetNetworkRequest",
         "responseType": "GetNetworkResponse"
        },
        "ListNetworks": {
         "requestType": "ListNetworksRequest",
         "responseType": "ListNetworksResponse"
        },
        "CreateNetwork": {
         "requestType": "CreateNetworkRequest",
         "responseType": "CreateNetworkResponse"
        },
        "RemoveNetwork": {
         "requestType": "RemoveNetworkRequest",
         "responseType": "RemoveNetworkResponse"
        },
        "GetSecret": {
         "requestType": "GetSecretRequest",
         "responseType": "GetSecretResponse"
        },
        "ListSecrets": {
         "requestType": "ListSecretsRequest",
         "responseType": "ListSecretsResponse"
        },
        "CreateSecret": {
         "requestType": "CreateSecretRequest",
         "responseType": "CreateSecretResponse"
        },
        "UpdateSecret": {
         "requestType": "UpdateSecretRequest",
         "responseType": "UpdateSecretResponse"
        },
        "RemoveSecret": {
         "requestType": "RemoveSecretRequest",
         "responseType": "RemoveSecretResponse"
        },
        "GetConfig": {
         "requestType": "GetConfigRequest",
         "responseType": "GetConfigResponse"
        },
        "ListConfigs": {
         "requestType": "ListConfigsRequest",
         "responseType": "ListConfigsResponse"
        },
        "CreateConfig": {
         "requestType": "CreateConfigRequest",
         "responseType": "CreateConfigResponse"
        },
        "UpdateConfig": {
         "requestType": "UpdateConfigRequest",
         "responseType": "UpdateConfigResponse"
        },
        "RemoveConfig": {
         "requestType": "RemoveConfigRequest",
         "responseType": "RemoveConfigResponse"
        },
        "GetVolume": {
         "requestType": "GetVolumeRequest",
         "responseType": "GetVolumeResponse"
        },
        "ListVolumes": {
         "requestType": "ListVolumesRequest",
         "responseType": "ListVolumesResponse"
        },
        "CreateVolume": {
         "requestType": "CreateVolumeRequest",
         "responseType": "CreateVolumeResponse"
        },
        "UpdateVolume": {
         "requestType": "UpdateVolumeRequest",
         "responseType": "UpdateVolumeResponse"
        },
        "RemoveVolume": {
         "requestType": "RemoveVolumeRequest",
         "responseType": "RemoveVolumeResponse"
        },
        "GetExtension": {
         "requestType": "GetExtensionRequest",
         "responseType": "GetExtensionResponse"
        },
        "ListExtensions": {
         "requestType": "ListExtensionsRequest",
         "responseType": "ListExtensionsResponse"
        },
        "CreateExtension": {
         "requestType": "CreateExtensionRequest",
         "responseType": "CreateExtensionResponse"
        },
        "RemoveExtension": {
         "requestType": "RemoveExtensionRequest",
         "responseType": "RemoveExtensionResponse"
        },
        "GetResource": {
         "requestType": "GetResourceRequest",
         "responseType": "GetResourceResponse"
        },
        "ListResources": {
         "requestType": "ListResourcesRequest",
         "responseType": "ListResourcesResponse"
        },
        "CreateResource": {
         "requestType": "CreateResourceRequest",
         "responseType": "CreateResourceResponse"
        },
        "UpdateResource": {
         "requestType": "UpdateResourceRequest",
         "responseType": "UpdateResourceResponse"
        },
        "RemoveResource": {
         "requestType": "RemoveResourceRequest",
         "responseType": "RemoveResourceResponse"
        },
        "ListServiceStatuses": {
         "requestType": "ListServiceStatusesRequest",
         "responseType": "ListServiceStatusesResponse"
        },
        "GetCluster": {
         "requestType": "GetClusterRequest",
         "responseType": "GetClusterResponse"
        },
        "UpdateCluster": {
         "requestType": "UpdateClusterRequest",
         "responseType": "UpdateClusterResponse"
        },
        "ReadUnlockKey": {
         "requestType": "ReadUnlockKeyRequest",
         "responseType": "ReadUnlockKeyResponse"
        },
        "Watch": {
         "requestType": "WatchRequest",
         "responseType": "WatchMessage",
         "responseStream": true
        }
       }
      },
      "Node": {
       "fields": {
        "id": {
         "type": "string",
         "id": 1
        },
        "meta": {
         "type": "Meta",
         "id": 2
        },
        "spec": {
         "type": "NodeSpec",
         "id": 3
        },
        "description": {
         "type": "NodeDescription",
         "id": 4
        },
        "status": {
         "type": "NodeStatus",
         "id": 5
        },
        "managerStatus": {
         "type": "ManagerStatus",
         "id": 6
        },
        "certificate": {
         "type": "Certificate",
         "id": 7
        },
        "role": {
         "type": "NodeRole",
         "id": 8
        },
        "attachments": {
         "rule": "repeated",
         "type": "NetworkAttachment",
         "id": 9
        },
        "vxlanUdpPort": {
         "type": "uint32",
         "id": 10
        }
       }
      },
      "Endpoint": {
       "fields": {
        "spec": {
         "type": "EndpointSpec",
         "id": 1
        },
        "ports": {
         "rule": "repeated",
         "type": "PortConfig",
         "id": 2
        },
        "virtualIps": {
         "rule": "repeated",
         "type": "VirtualIp",
         "id": 3
        }
       }
      },
      "UpdateStatus": {
       "fields": {
        "state": {
         "type": "State",
         "id": 1
        },
        "startedAtMs": {
         "type": "int64",
         "id": 2
        },
        "completedAtMs": {
         "type": "int64",
         "id": 3
        },
        "message": {
         "type": "string",
         "id": 4
        }
       },
       "nested": {
        "State": {
         "values": {
          "STATE_UNKNOWN": 0,
          "STATE_UPDATING": 1,
          "STATE_PAUSED": 2,
          "STATE_COMPLETED": 3,
          "STATE_ROLLBACK_STARTED": 4,
          "STATE_ROLLBACK_PAUSED": 5,
          "STATE_ROLLBACK_COMPLETED": 6
         }
        }
       }
      },
      "JobStatus": {
       "fields": {
        "jobIteration": {
         "type": "Version",
         "id": 1
        },
        "lastExecutionMs": {
         "type": "int64",
         "id": 2
        }
       }
      },
      "Service": {
       "fields": {
        "id": {
         "type": "string",
         "id": 1
        },
        "meta": {
         "type": "Meta",
         "id": 2
        },
        "spec": {
         "type": "ServiceSpec",
         "id": 3
        },
        "specVersion": {
         "type": "Version",
         "id": 4
        },
        "previousSpec": {
         "type": "ServiceSpec",
         "id": 5
        },
        "previousSpecVersion": {
         "type": "Version",
         "id": 6
        },
        "endpoint": {
         "type": "Endpoint",
         "id": 7
        },
        "updateStatus": {
         "type": "UpdateStatus",
         "id": 8
        },
        "jobStatus": {
         "type": "JobStatus",
         "id": 9
        },
        "pendingDelete": {
         "type": "bool",
         "id": 10
        }
       }
      },
      "TaskOrigin": {
       "fields": {
        "notBeforeMs": {
         "type": "int64",
         "id": 1
        },
        "restarts": {
         "type": "uint64",
         "id": 2
        },
        "quickFailures": {
         "type": "uint64",
         "id": 3
        },
        "reason": {
         "type": "string",
         "id": 4
        },
        "updateStartedAtMs": {
         "type": "int64",
         "id": 5
        },
        "updateFailedTask": {
         "type": "string",
         "id": 6
        },
        "settledAtMs": {
         "type": "int64",
         "id": 7
        },
        "movedTaskId": {
         "type": "string",
         "id": 8
        },
        "moveRequestedAtMs": {
         "type": "int64",
         "id": 9
        }
       }
      },
      "TaskMove": {
       "fields": {
        "nodeId": {
         "type": "string",
         "id": 1
        },
        "requestedAtMs": {
         "type": "int64",
         "id": 2
        }
       }
      },
      "MoveRefusal": {
       "fields": {
        "requestedAtMs": {
         "type": "int64",
         "id": 1
        },
        "reason": {
         "type": "string",
         "id": 2
        }
       }
      },
      "Task": {
       "fields": {
        "id": {
         "type": "string",
         "id": 1
        },
        "meta": {
         "type": "Meta",
         "id": 2
        },
        "spec": {
         "type": "TaskSpec",
         "id": 3
        },
        "specVersion": {
         "type": "Version",
         "id": 4
        },
        "serviceId": {
         "type": "string",
         "id": 5
        },
        "slot": {
         "type": "uint64",
         "id": 6
        },
        "nodeId": {
         "type": "string",
         "id": 7
        },
        "annotations": {
         "type": "Annotations",
         "id": 8
        },
        "serviceAnnotations": {
         "type": "Annotations",
         "id": 9
        },
        "status": {
         "type": "TaskStatus",
         "id": 10
        },
        "desiredState": {
         "type": "TaskState",
         "id": 11
        },
        "networks": {
         "rule": "repeated",
         "type": "NetworkAttachment",
         "id": 12
        },
        "endpoint": {
         "type": "Endpoint",
         "id": 13
        },
        "logDriver": {
         "type": "Driver",
         "id": 14
        },
        "assignedGenericResources": {
         "rule": "repeated",
         "type": "GenericResource",
         "id": 15
        },
        "jobIteration": {
         "type": "Version",
         "id": 16
        },
        "volumes": {
         "rule": "repeated",
         "type": "VolumeAttachment",
         "id": 17
        },
        "origin": {
         "type": "TaskOrigin",
         "id": 18
        },
        "move": {
         "type": "TaskMove",
         "id": 19
        },
        "moveRefusal": {
         "type": "MoveRefusal",
         "id": 20
        },
        "volumeNodeId": {
         "type": "string",
         "id": 21
        }
       }
      },
      "Network": {
       "fields": {
        "id": {
         "type": "string",
         "id": 1
        },
        "meta": {
         "type": "Meta",
         "id": 2
        },
        "spec": {
         "type": "NetworkSpec",
         "id": 3
        },
        "driverState": {
         "type": "Driver",
         "id": 4
        },
        "ipam": {
         "type": "IpamOptions",
         "id": 5
        },
        "pendingDelete": {
         "type": "bool",
         "id": 6
        }
       }
      },
      "JoinTokens": {
       "fields": {
        "worker": {
         "type": "string",
         "id": 1
        },
        "manager": {
         "type": "string",
         "id": 2
        }
       }
      },
      "RootRotation": {
       "fields": {
        "caCert": {
         "type": "string",
         "id": 1
        },
        "caKey": {
         "type": "string",
         "id": 2
        },
        "crossSignedCaCert": {
         "type": "string",
         "id": 3
        }
       }
      },
      "RootCa": {
       "fields": {
        "caKey": {
         "type": "string",
         "id": 1
        },
        "caCert": {
         "type": "string",
         "id": 2
        },
        "caCertHash": {
         "type": "string",
         "id": 3
        },
        "joinTokens": {
         "type": "JoinTokens",
         "id": 4
        },
        "rootRotation": {
         "type": "RootRotation",
         "id": 5
        },
        "lastForcedRotation": {
         "type": "uint64",
         "id": 6
        }
       }
      },
      "EncryptionKey": {
       "fields": {
        "subsystem": {
         "type": "string",
         "id": 1
        },
        "algorithm": {
         "type": "string",
         "id": 2
        },
        "key": {
         "type": "bytes",
         "id": 3
        },
        "lamportTime": {
         "type": "uint64",
         "id": 4
        }
       }
      },
      "BlacklistedCertificate": {
       "fields": {
        "expiryMs": {
         "type": "int64",
         "id": 1
        }
       }
      },
      "Cluster": {
       "fields": {
        "id": {
         "type": "string",
         "id": 1
        },
        "meta": {
         "type": "Meta",
         "id": 2
        },
        "spec": {
         "type": "ClusterSpec",
         "id": 3
        },
        "rootCa": {
         "type": "RootCa",
         "id": 4
        },
        "networkBootstrapKeys": {
         "rule": "repeated",
         "type": "EncryptionKey",
         "id": 5
        },
        "encryptionKeyLamportClock": {
         "type": "uint64",
         "id": 6
        },
        "blacklistedCertificates": {
         "keyType": "string",
         "type": "BlacklistedCertificate",
         "id": 7
        },
        "unlockKey": {
         "type": "bytes",
         "id": 8
        },
        "fips": {
         "type": "bool",
         "id": 9
        },
        "defaultAddressPool": {
         "rule": "repeated",
         "type": "string",
         "id": 10
        },
        "subnetSize": {
         "type": "uint32",
         "id": 11
        },
        "vxlanUdpPort": {
         "type": "uint32",
         "id": 12
        }
       }
      },
      "Secret": {
       "fields": {
        "id": {
         "type": "string",
         "id": 1
        },
        "meta": {
         "type": "Meta",
         "id": 2
        },
        "spec": {
         "type": "SecretSpec",
         "id": 3
        },
        "internal": {
         "type": "bool",
         "id": 4
        }
       }
      },
      "Config": {
       "fields": {
        "id": {
         "type": "string",
         "id": 1
        },
        "meta": {
         "type": "Meta",
         "id": 2
        },
        "spec": {
         "type": "ConfigSpec",
         "id": 3
        }
       }
      },
      "VolumePublishStatus": {
       "fields": {
        "nodeId": {
         "type": "string",
         "id": 1
        },
        "state": {
         "type": "State",
         "id": 2
        },
        "publishContext": {
         "keyType": "string",
         "type": "string",
         "id": 3
        },
        "message": {
         "type": "string",
         "id": 4
        },
        "csiNodeId": {
         "type": "string",
         "id": 5
        }
       },
       "nested": {
        "State": {
         "values": {
          "STATE_PENDING_PUBLISH": 0,
          "STATE_PUBLISHED": 1,
          "STATE_PENDING_NODE_UNPUBLISH": 2,
          "STATE_PENDING_UNPUBLISH": 3
         }
        }
       }
      },
      "VolumeInfo": {
       "fields": {
        "capacityBytes": {
         "type": "int64",
         "id": 1
        },
        "volumeContext": {
         "keyType": "string",
         "type": "string",
         "id": 2
        },
        "volumeId": {
         "type": "string",
         "id": 3
        },
        "accessibleTopology": {
         "rule": "repeated",
         "type": "Topology",
         "id": 4
        }
       }
      },
      "Volume": {
       "fields": {
        "id": {
         "type": "string",
         "id": 1
        },
        "meta": {
         "type": "Meta",
         "id": 2
        },
        "spec": {
         "type": "VolumeSpec",
         "id": 3
        },
        "publishStatus": {
         "rule": "repeated",
         "type": "VolumePublishStatus",
         "id": 4
        },
        "volumeInfo": {
         "type": "VolumeInfo",
         "id": 5
        },
        "pendingDelete": {
         "type": "bool",
         "id": 6
        },
        "maybeMade": {
         "type": "bool",
         "id": 7
        },
        "message": {
         "type": "string",
         "id": 8
        }
       }
      },
      "Extension": {
       "fields": {
        "id": {
         "type": "string",
         "id": 1
        },
        "meta": {
         "type": "Meta",
         "id": 2
        },
        "annotations": {
         "type": "Annotations",
         "id": 3
        },
        "description": {
         "type": "string",
         "id": 4
        }
       }
      },
      "Resource": {
       "fields": {
        "id": {
         "type": "string",
         "id": 1
        },
        "meta": {
         "type": "Meta",
         "id": 2
        },
        "annotations": {
         "type": "Annotations",
         "id": 3
        },
        "kind": {
         "type": "string",
         "id": 4
        },
        "payload": {
         "type": "bytes",
         "id": 5
        }
       }
      },
      "NodeSpec": {
       "fields": {
        "annotations": {
         "type": "Annotations",
         "id": 1
        },
        "desiredRole": {
         "type": "NodeRole",
         "id": 2
        },
        "membership": {
         "type": "NodeMembership",
         "id": 3
        },
        "availability": {
         "type": "NodeAvailability",
         "id": 4
        }
       }
      },
      "Mount": {
       "fields": {
        "type": {
         "type": "Type",
         "id": 1
        },
        "source": {
         "type": "string",
         "id": 2
        },
        "target": {
         "type": "string",
         "id": 3
        },
        "readOnly": {
         "type": "bool",
         "id": 4
        },
        "consistency": {
         "type": "string",
         "id": 5
        },
        "bind": {
         "type": "BindOptions",
         "id": 6
        },
        "volume": {
         "type": "VolumeOptions",
         "id": 7
        },
        "tmpfs": {
         "type": "TmpfsOptions",
         "id": 8
        }
       },
       "nested": {
        "Type": {
         "values": {
          "TYPE_BIND": 0,
          "TYPE_VOLUME": 1,
          "TYPE_TMPFS": 2,
          "TYPE_NPIPE": 3,
          "TYPE_CLUSTER": 4
         }
        },
        "BindOptions": {
         "fields": {
          "propagation": {
           "type": "string",
           "id": 1
          },
          "nonRecursive": {
           "type": "bool",
           "id": 2
          },
          "createMountpoint": {
           "type": "bool",
           "id": 3
          },
          "readOnlyNonRecursive": {
           "type": "bool",
           "id": 4
          },
          "readOnlyForceRecursive": {
           "type": "bool",
           "id": 5
          }
         }
        },
        "VolumeOptions": {
         "fields": {
          "noCopy": {
           "type": "bool",
           "id": 1
          },
          "labels": {
           "keyType": "string",
           "type": "string",
           "id": 2
          },
          "driver": {
           "type": "Driver",
           "id": 3
          },
          "subpath": {
           "type": "string",
           "id": 4
          }
         }
        },
        "TmpfsOption": {
         "fields": {
          "words": {
           "rule": "repeated",
           "type": "string",
           "id": 1
          }
         }
        },
        "TmpfsOptions": {
         "fields": {
          "sizeBytes": {
           "type": "int64",
           "id": 1
          },
          "mode": {
           "type": "uint32",
           "id": 2
          },
          "options": {
           "rule": "repeated",
           "type": "TmpfsOption",
           "id": 3
          }
         }
        }
       }
      },
      "FileTarget": {
       "fields": {
        "name": {
         "type": "string",
         "id": 1
        },
        "uid": {
         "type": "string",
         "id": 2
        },
        "gid": {
         "type": "string",
         "id": 3
        },
        "mode": {
         "type": "uint32",
         "id": 4
        }
       }
      },
      "RuntimeTarget": {
       "fields": {}
      },
      "SecretReference": {
       "fields": {
        "secretId": {
         "type": "string",
         "id": 1
        },
        "secretName": {
         "type": "string",
         "id": 2
        },
        "file": {
         "type": "FileTarget",
         "id": 3
        }
       }
      },
      "ConfigReference": {
       "oneofs": {
        "target": {
         "oneof": [
          "file",
          "runtime"
         ]
        }
       },
       "fields": {
        "configId": {
         "type": "string",
         "id": 1
        },
        "configName": {
         "type": "string",
         "id": 2
        },
        "file": {
         "type": "FileTarget",
         "id": 3
        },
        "runtime": {
         "type": "RuntimeTarget",
         "id": 4
        }
       }
      },
      "Privileges": {
       "fields": {
        "credentialSpec": {
         "type": "CredentialSpec",
         "id": 1
        },
        "selinuxContext": {
         "type": "SeLinuxContext",
         "id": 2
        },
        "seccomp": {
         "type": "Seccomp",
         "id": 3
        },
        "apparmor": {
         "type": "AppArmor",
         "id": 4
        },
        "noNewPrivileges": {
         "type": "bool",
         "id": 5
        }
       },
       "nested": {
        "CredentialSpec": {
         "oneofs": {
          "source": {
           "oneof": [
            "file",
            "registry",
            "config"
           ]
          }
         },
         "fields": {
          "file": {
           "type": "string",
           "id": 1
          },
          "registry": {
           "type": "string",
           "id": 2
          },
          "config": {
           "type": "string",
           "id": 3
          }
         }
        },
        "SeLinuxContext": {
         "fields": {
          "disable": {
           "type": "bool",
           "id": 1
          },
          "user": {
           "type": "string",
           "id": 2
          },
          "role": {
           "type": "string",
           "id": 3
          },
          "type": {
           "type": "string",
           "id": 4
          },
          "level": {
           "type": "string",
           "id": 5
          }
         }
        },
        "Seccomp": {
         "fields": {
          "mode": {
           "type": "string",
           "id": 1
          },
          "profile": {
           "type": "bytes",
           "id": 2
          }
         }
        },
        "AppArmor": {
         "fields": {
          "mode": {
           "type": "string",
           "id": 1
          }
         }
        }
       }
      },
      "HealthConfig": {
       "fields": {
        "test": {
         "rule": "repeated",
         "type": "string",
         "id": 1
        },
        "intervalNs": {
         "type": "int64",
         "id": 2
        },
        "timeoutNs": {
         "type": "int64",
         "id": 3
        },
        "retries": {
         "type": "uint32",
         "id": 4
        },
        "startPeriodNs": {
         "type": "int64",
         "id": 5
        },
        "startIntervalNs": {
         "type": "int64",
         "id": 6
        }
       }
      },
      "DnsConfig": {
       "fields": {
        "nameservers": {
         "rule": "repeated",
         "type": "string",
         "id": 1
        },
        "search": {
         "rule": "repeated",
         "type": "string",
         "id": 2
        },
        "options": {
         "rule": "repeated",
         "type": "string",
         "id": 3
        }
       }
      },
      "Ulimit": {
       "fields": {
        "name": {
         "type": "string",
         "id": 1
        },
        "soft": {
         "type": "int64",
         "id": 2
        },
        "hard": {
         "type": "int64",
         "id": 3
        }
       }
      },
      "ContainerSpec": {
       "fields": {
        "image": {
         "type": "string",
         "id": 1
        },
        "labels": {
         "keyType": "string",
         "type": "string",
         "id": 2
        },
        "command": {
         "rule": "repeated",
         "type": "string",
         "id": 3
        },
        "args": {
         "rule": "repeated",
         "type": "string",
         "id": 4
        },
        "hostname": {
         "type": "string",
         "id": 5
        },
        "env": {
         "rule": "repeated",
         "type": "string",
         "id": 6
        },
        "dir": {
         "type": "string",
         "id": 7
        },
        "user": {
         "type": "string",
         "id": 8
        },
        "groups": {
         "rule": "repeated",
         "type": "string",
         "id": 9
        },
        "privileges": {
         "type": "Privileges",
         "id": 10
        },
        "init": {
         "type": "OptionalBool",
         "id": 11
        },
        "tty": {
         "type": "bool",
         "id": 12
        },
        "openStdin": {
         "type": "bool",
         "id": 13
        },
        "readOnly": {
         "type": "bool",
         "id": 14
        },
        "stopSignal": {
         "type": "string",
         "id": 15
        },
        "mounts": {
         "rule": "repeated",
         "type": "Mount",
         "id": 16
        },
        "stopGracePeriodNs": {
         "type": "OptionalInt64",
         "id": 17
        },
        "registryAuth": {
         "type": "string",
         "id": 18
        },
        "secrets": {
         "rule": "repeated",
         "type": "SecretReference",
         "id": 19
        },
        "configs": {
         "rule": "repeated",
         "type": "ConfigReference",
         "id": 20
        },
        "hosts": {
         "rule": "repeated",
         "type": "string",
         "id": 21
        },
        "dnsConfig": {
         "type": "DnsConfig",
         "id": 22
        },
        "healthcheck": {
         "type": "HealthConfig",
         "id": 23
        },
        "isolation": {
         "type": "string",
         "id": 24
        },
        "sysctls": {
         "keyType": "string",
         "type": "string",
         "id": 25
        },
        "capabilityAdd": {
         "rule": "repeated",
         "type": "string",
         "id": 26
        },
        "capabilityDrop": {
         "rule": "repeated",
         "type": "string",
         "id": 27
        },
        "ulimits": {
         "rule": "repeated",
         "type": "Ulimit",
         "id": 28
        },
        "oomScoreAdj": {
         "type": "int64",
         "id": 29
        },
        "devices": {
         "rule": "repeated",
         "type": "string",
         "id": 30
        },
        "privileged": {
         "type": "bool",
         "id": 31
        }
       }
      },
      "ProcessSpec": {
       "fields": {
        "command": {
         "rule": "repeated",
         "type": "string",
         "id": 1
        },
        "env": {
         "rule": "repeated",
         "type": "string",
         "id": 2
        },
        "dir": {
         "type": "string",
         "id": 3
        },
        "user": {
         "type": "string",
         "id": 4
        },
        "stopSignal": {
         "type": "string",
         "id": 5
        },
        "stopGracePeriodNs": {
         "type": "OptionalInt64",
         "id": 6
        },
        "healthcheck": {
         "type": "HealthConfig",
         "id": 7
        },
        "secrets": {
         "rule": "repeated",
         "type": "SecretReference",
         "id": 8
        },
        "configs": {
         "rule": "repeated",
         "type": "ConfigReference",
         "id": 9
        },
        "ulimits": {
         "rule": "repeated",
         "type": "Ulimit",
         "id": 10
        },
        "rootFs": {
         "type": "string",
         "id": 11
        },
        "hostname": {
         "type": "string",
         "id": 12
        },
        "labels": {
         "keyType": "string",
         "type": "string",
         "id": 13
        },
        "mounts": {
         "rule": "repeated",
         "type": "Mount",
         "id": 14
        },
        "groups": {
         "rule": "repeated",
         "type": "string",
         "id": 15
        },
        "readOnly": {
         "type": "bool",
         "id": 16
        },
        "sysctls": {
         "keyType": "string",
         "type": "string",
         "id": 17
        },
        "capabilityAdd": {
         "rule": "repeated",
         "type": "string",
         "id": 18
        },
        "capabilityDrop": {
         "rule": "repeated",
         "type": "string",
         "id": 19
        },
        "devices": {
         "rule": "repeated",
         "type": "string",
         "id": 20
        },
        "noNewPrivileges": {
         "type": "bool",
         "id": 21
        },
        "hosts": {
         "rule": "repeated",
         "type": "string",
         "id": 22
        },
        "dnsConfig": {
         "type": "DnsConfig",
         "id": 23
        }
       }
      },
      "AttachmentSpec": {
       "fields": {
        "containerId": {
         "type": "string",
         "id": 1
        }
       }
      },
      "GenericRuntimeSpec": {
       "fields": {
        "kind": {
         "type": "string",
         "id": 1
        },
        "typeUrl": {
         "type": "string",
         "id": 2
        },
        "payload": {
         "type": "bytes",
         "id": 3
        }
       }
      },
      "RestartPolicy": {
       "fields": {
        "condition": {
         "type": "Condition",
         "id": 1
        },
        "delayNs": {
         "type": "OptionalInt64",
         "id": 2
        },
        "maxAttempts": {
         "type": "uint64",
         "id": 3
        },
        "windowNs": {
         "type": "OptionalInt64",
         "id": 4
        }
       },
       "nested": {
        "Condition": {
         "values": {
          "CONDITION_NONE": 0,
          "CONDITION_ON_FAILURE": 1,
          "CONDITION_ANY": 2
         }
        }
       }
      },
      "PlacementPreference": {
       "fields": {
        "spreadDescriptor": {
         "type": "string",
         "id": 1
        }
       }
      },
      "Affinity": {
       "fields": {
        "serviceLabel": {
         "type": "string",
         "id": 1
        },
        "apart": {
         "type": "bool",
         "id": 2
        }
       }
      },
      "Placement": {
       "fields": {
        "constraints": {
         "rule": "repeated",
         "type": "string",
         "id": 1
        },
        "preferences": {
         "rule": "repeated",
         "type": "PlacementPreference",
         "id": 2
        },
        "platforms": {
         "rule": "repeated",
         "type": "Platform",
         "id": 3
        },
        "maxReplicas": {
         "type": "uint64",
         "id": 4
        },
        "strategy": {
         "type": "PlacementStrategy",
         "id": 5
        },
        "affinities": {
         "rule": "repeated",
         "type": "Affinity",
         "id": 6
        },
        "scheduler": {
         "type": "string",
         "id": 7
        },
        "stickyVolumes": {
         "type": "bool",
         "id": 8
        }
       }
      },
      "NetworkAttachmentConfig": {
       "fields": {
        "target": {
         "type": "string",
         "id": 1
        },
        "aliases": {
         "rule": "repeated",
         "type": "string",
         "id": 2
        },
        "addresses": {
         "rule": "repeated",
         "type": "string",
         "id": 3
        },
        "driverOpts": {
         "keyType": "string",
         "type": "string",
         "id": 4
        },
        "nodeNetwork": {
         "type": "string",
         "id": 5
        }
       }
      },
      "TaskSpec": {
       "oneofs": {
        "runtime": {
         "oneof": [
          "container",
          "process",
          "attachment",
          "generic"
         ]
        }
       },
       "fields": {
        "container": {
         "type": "ContainerSpec",
         "id": 1
        },
        "process": {
         "type": "ProcessSpec",
         "id": 2
        },
        "attachment": {
         "type": "AttachmentSpec",
         "id": 3
        },
        "generic": {
         "type": "GenericRuntimeSpec",
         "id": 4
        },
        "resources": {
         "type": "ResourceRequirements",
         "id": 5
        },
        "restart": {
         "type": "RestartPolicy",
         "id": 6
        },
        "placement": {
         "type": "Placement",
         "id": 7
        },
        "logDriver": {
         "type": "Driver",
         "id": 8
        },
        "networks": {
         "rule": "repeated",
         "type": "NetworkAttachmentConfig",
         "id": 9
        },
        "forceUpdate": {
         "type": "uint64",
         "id": 10
        },
        "resourceReferences": {
         "rule": "repeated",
         "type": "string",
         "id": 11
        }
       }
      },
      "ReplicatedMode": {
       "fields": {
        "replicas": {
         "type": "uint64",
         "id": 1
        }
       }
      },
      "GlobalMode": {
       "fields": {}
      },
      "ReplicatedJobMode": {
       "fields": {
        "maxConcurrent": {
         "type": "uint64",
         "id": 1
        },
        "totalCompletions": {
         "type": "uint64",
         "id": 2
        }
       }
      },
      "GlobalJobMode": {
       "fields": {}
      },
      "UpdateConfig": {
       "fields": {
        "parallelism": {
         "type": "uint64",
         "id": 1
        },
        "delayNs": {
         "type": "int64",
         "id": 2
        },
        "failureAction": {
         "type": "FailureAction",
         "id": 3
        },
        "monitorNs": {
         "type": "OptionalInt64",
         "id": 4
        },
        "maxFailureRatio": {
         "type": "double",
         "id": 5
        },
        "order": {
         "type": "Order",
         "id": 6
        },
        "progressDeadlineNs": {
         "type": "OptionalInt64",
         "id": 7
        }
       },
       "nested": {
        "FailureAction": {
         "values": {
          "FAILURE_ACTION_PAUSE": 0,
          "FAILURE_ACTION_CONTINUE": 1,
          "FAILURE_ACTION_ROLLBACK": 2
         }
        },
        "Order": {
         "values": {
          "ORDER_STOP_FIRST": 0,
          "ORDER_START_FIRST": 1
         }
        }
       }
      },
      "EndpointSpec": {
       "fields": {
        "mode": {
         "type": "Mode",
         "id": 1
        },
        "ports": {
         "rule": "repeated",
         "type": "PortConfig",
         "id": 2
        }
       },
       "nested": {
        "Mode": {
         "values": {
          "MODE_VIP": 0,
          "MODE_DNSRR": 1
         }
        }
       }
      },
      "Schedule": {
       "fields": {
        "cron": {
         "type": "string",
         "id": 1
        },
        "timeZone": {
         "type": "string",
         "id": 2
        },
        "concurrency": {
         "type": "Concurrency",
         "id": 3
        },
        "startingDeadlineNs": {
         "type": "int64",
         "id": 4
        }
       },
       "nested": {
        "Concurrency": {
         "values": {
          "CONCURRENCY_ALLOW": 0,
          "CONCURRENCY_FORBID": 1,
          "CONCURRENCY_REPLACE": 2
         }
        }
       }
      },
      "ServiceDependency": {
       "fields": {
        "serviceName": {
         "type": "string",
         "id": 1
        },
        "condition": {
         "type": "Condition",
         "id": 2
        }
       },
       "nested": {
        "Condition": {
         "values": {
          "CONDITION_STARTED": 0,
          "CONDITION_HEALTHY": 1,
          "CONDITION_COMPLETED": 2
         }
        }
       }
      },
      "ServiceSpec": {
       "oneofs": {
        "mode": {
         "oneof": [
          "replicated",
          "global",
          "replicatedJob",
          "globalJob"
         ]
        }
       },
       "fields": {
        "annotations": {
         "type": "Annotations",
         "id": 1
        },
        "task": {
         "type": "TaskSpec",
         "id": 2
        },
        "replicated": {
         "type": "ReplicatedMode",
         "id": 3
        },
        "global": {
         "type": "GlobalMode",
         "id": 4
        },
        "replicatedJob": {
         "type": "ReplicatedJobMode",
         "id": 5
        },
        "globalJob": {
         "type": "GlobalJobMode",
         "id": 6
        },
        "update": {
         "type": "UpdateConfig",
         "id": 7
        },
        "rollback": {
         "type": "UpdateConfig",
         "id": 8
        },
        "endpoint": {
         "type": "EndpointSpec",
         "id": 9
        },
        "schedule": {
         "type": "Schedule",
         "id": 10
        },
        "dependsOn": {
         "rule": "repeated",
         "type": "ServiceDependency",
         "id": 11
        }
       }
      },
      "NetworkSpec": {
       "fields": {
        "annotations": {
         "type": "Annotations",
         "id": 1
        },
        "driver": {
         "type": "Driver",
         "id": 2
        },
        "ipv6Enabled": {
         "type": "bool",
         "id": 3
        },
        "internal": {
         "type": "bool",
         "id": 4
        },
        "ipam": {
         "type": "IpamOptions",
         "id": 5
        },
        "attachable": {
         "type": "bool",
         "id": 6
        },
        "ingress": {
         "type": "bool",
         "id": 7
        },
        "configFrom": {
         "type": "string",
         "id": 8
        }
       }
      },
      "OrchestrationConfig": {
       "fields": {
        "taskHistoryRetentionLimit": {
         "type": "int64",
         "id": 1
        }
       }
      },
      "RaftConfig": {
       "fields": {
        "snapshotInterval": {
         "type": "uint64",
         "id": 1
        },
        "keepOldSnapshots": {
         "type": "uint64",
         "id": 2
        },
        "logEntriesForSlowFollowers": {
         "type": "uint64",
         "id": 3
        },
        "heartbeatTick": {
         "type": "uint32",
         "id": 4
        },
        "electionTick": {
         "type": "uint32",
         "id": 5
        }
       }
      },
      "DispatcherConfig": {
       "fields": {
        "heartbeatPeriodNs": {
         "type": "int64",
         "id": 1
        }
       }
      },
      "ExternalCa": {
       "fields": {
        "protocol": {
         "type": "string",
         "id": 1
        },
        "url": {
         "type": "string",
         "id": 2
        },
        "options": {
         "keyType": "string",
         "type": "string",
         "id": 3
        },
        "caCert": {
         "type": "string",
         "id": 4
        }
       }
      },
      "CaConfig": {
       "fields": {
        "nodeCertExpiryNs": {
         "type": "int64",
         "id": 1
        },
        "externalCas": {
         "rule": "repeated",
         "type": "ExternalCa",
         "id": 2
        },
        "signingCaCert": {
         "type": "string",
         "id": 3
        },
        "signingCaKey": {
         "type": "string",
         "id": 4
        },
        "forceRotate": {
         "type": "uint64",
         "id": 5
        }
       }
      },
      "TaskDefaults": {
       "fields": {
        "logDriver": {
         "type": "Driver",
         "id": 1
        },
        "strategy": {
         "type": "PlacementStrategy",
         "id": 2
        }
       }
      },
      "RebalanceConfig": {
       "fields": {
        "movesMax": {
         "type": "uint64",
         "id": 1
        },
        "intervalNs": {
         "type": "int64",
         "id": 2
        },
        "warmUpNs": {
         "type": "OptionalInt64",
         "id": 3
        }
       }
      },
      "EncryptionConfig": {
       "fields": {
        "autoLockManagers": {
         "type": "bool",
         "id": 1
        }
       }
      },
      "ClusterSpec": {
       "fields": {
        "annotations": {
         "type": "Annotations",
         "id": 1
        },
        "orchestration": {
         "type": "OrchestrationConfig",
         "id": 2
        },
        "raft": {
         "type": "RaftConfig",
         "id": 3
        },
        "dispatcher": {
         "type": "DispatcherConfig",
         "id": 4
        },
        "ca": {
         "type": "CaConfig",
         "id": 5
        },
        "taskDefaults": {
         "type": "TaskDefaults",
         "id": 6
        },
        "encryption": {
         "type": "EncryptionConfig",
         "id": 7
        },
        "rebalance": {
         "type": "RebalanceConfig",
         "id": 8
        }
       }
      },
      "SecretSpec": {
       "fields": {
        "annotations": {
         "type": "Annotations",
         "id": 1
        },
        "data": {
         "type": "bytes",
         "id": 2
        },
        "templating": {
         "type": "Driver",
         "id": 3
        },
        "driver": {
         "type": "Driver",
         "id": 4
        }
       }
      },
      "ConfigSpec": {
       "fields": {
        "annotations": {
         "type": "Annotations",
         "id": 1
        },
        "data": {
         "type": "bytes",
         "id": 2
        },
        "templating": {
         "type": "Driver",
         "id": 3
        }
       }
      },
      "VolumeAccessMode": {
       "oneofs": {
        "accessType": {
         "oneof": [
          "block",
          "mount"
         ]
        }
       },
       "fields": {
        "scope": {
         "type": "Scope",
         "id": 1
        },
        "sharing": {
         "type": "Sharing",
         "id": 2
        },
        "block": {
         "type": "Block",
         "id": 3
        },
        "mount": {
         "type": "MountAccess",
         "id": 4
        }
       },
       "nested": {
        "Scope": {
         "values": {
          "SCOPE_SINGLE_NODE": 0,
          "SCOPE_MULTI_NODE": 1
         }
        },
        "Sharing": {
         "values": {
          "SHARING_NONE": 0,
          "SHARING_READ_ONLY": 1,
          "SHARING_ONE_WRITER": 2,
          "SHARING_ALL": 3
         }
        },
        "Block": {
         "fields": {}
        },
        "MountAccess": {
         "fields": {
          "fsType": {
           "type": "string",
           "id": 1
          },
          "mountFlags": {
           "rule": "repeated",
           "type": "string",
           "id": 2
          }
         }
        }
       }
      },
      "Topology": {
       "fields": {
        "segments": {
         "keyType": "string",
         "type": "string",
         "id": 1
        }
       }
      },
      "TopologyRequirement": {
       "fields": {
        "requisite": {
         "rule": "repeated",
         "type": "Topology",
         "id": 1
        },
        "preferred": {
         "rule": "repeated",
         "type": "Topology",
         "id": 2
        }
       }
      },
      "VolumeSecret": {
       "fields": {
        "key": {
         "type": "string",
         "id": 1
        },
        "secret": {
         "type": "string",
         "id": 2
        }
       }
      },
      "CapacityRange": {
       "fields": {
        "requiredBytes": {
         "type": "int64",
         "id": 1
        },
        "limitBytes": {
         "type": "int64",
         "id": 2
        }
       }
      },
      "VolumeSpec": {
       "fields": {
        "annotations": {
         "type": "Annotations",
         "id": 1
        },
        "group": {
         "type": "string",
         "id": 2
        },
        "driver": {
         "type": "Driver",
         "id": 3
        },
        "accessMode": {
         "type": "VolumeAccessMode",
         "id": 4
        },
        "secrets": {
         "rule": "repeated",
         "type": "VolumeSecret",
         "id": 5
        },
        "accessibilityRequirements": {
         "type": "TopologyRequirement",
         "id": 6
        },
        "capacityRange": {
         "type": "CapacityRange",
         "id": 7
        },
        "availability": {
         "type": "NodeAvailability",
         "id": 8
        }
       }
      },
      "StoreObject": {
       "oneofs": {
        "object": {
         "oneof": [
          "node",
          "service",
          "task",
          "network",
          "cluster",
          "secret",
          "config",
          "volume",
          "extension",
          "resource"
         ]
        }
       },
       "fields": {
        "node": {
         "type": "Node",
         "id": 1
        },
        "service": {
         "type": "Service",
         "id": 2
        },
        "task": {
         "type": "Task",
         "id": 3
        },
        "network": {
         "type": "Network",
         "id": 4
        },
        "cluster": {
         "type": "Cluster",
         "id": 5
        },
        "secret": {
         "type": "Secret",
         "id": 6
        },
        "config": {
         "type": "Config",
         "id": 7
        },
        "volume": {
         "type": "Volume",
         "id": 8
        },
        "extension": {
         "type": "Extension",
         "id": 9
        },
        "resource": {
         "type": "Resource",
         "id": 10
        }
       }
      },
      "ChangeKind": {
       "values": {
        "CHANGE_KIND_UNSPECIFIED": 0,
        "CHANGE_KIND_CREATE": 1,
        "CHANGE_KIND_UPDATE": 2,
        "CHANGE_KIND_REMOVE": 3
       }
      },
      "StoreChange": {
       "fields": {
        "kind": {
         "type": "ChangeKind",
         "id": 1
        },
        "expectedVersion": {
         "type": "uint64",
         "id": 2
        },
        "object": {
         "type": "StoreObject",
         "id": 3
        },
        "removeTable": {
         "type": "string",
         "id": 4
        },
        "removeId": {
         "type": "string",
         "id": 5
        },
        "fields": {
         "rule": "repeated",
         "type": "uint32",
         "id": 6
        }
       }
      },
      "StoreTransaction": {
       "fields": {
        "changes": {
         "rule": "repeated",
         "type": "StoreChange",
         "id": 1
        },
        "leaderTerm": {
         "type": "uint64",
         "id": 2
        },
        "timeMs": {
         "type": "int64",
         "id": 3
        }
       }
      },
      "StoreSnapshotChunk": {
       "fields": {
        "index": {
         "type": "uint64",
         "id": 1
        },
        "leaderTerm": {
         "type": "uint64",
         "id": 2
        },
        "objects": {
         "rule": "repeated",
         "type": "StoreObject",
         "id": 3
        },
        "total": {
         "type": "uint64",
         "id": 4
        },
        "last": {
         "type": "bool",
         "id": 5
        }
       }
      },
      "SessionRequest": {
       "fields": {
        "description": {
         "type": "NodeDescription",
         "id": 1
        },
        "sessionId": {
         "type": "string",
         "id": 2
        }
       }
      },
      "ManagerPeer": {
       "fields": {
        "nodeId": {
         "type": "string",
         "id": 1
        },
        "addr": {
         "type": "string",
         "id": 2
        },
        "weight": {
         "type": "uint32",
         "id": 3
        }
       }
      },
      "SessionMessage": {
       "fields": {
        "sessionId": {
         "type": "string",
         "id": 1
        },
        "node": {
         "type": "Node",
         "id": 2
        },
        "managers": {
         "rule": "repeated",
         "type": "ManagerPeer",
         "id": 3
        },
        "networkKeys": {
         "rule": "repeated",
         "type": "EncryptionKey",
         "id": 4
        },
        "rootCa": {
         "type": "string",
         "id": 5
        }
       }
      },
      "HeartbeatRequest": {
       "fields": {
        "sessionId": {
         "type": "string",
         "id": 1
        }
       }
      },
      "HeartbeatResponse": {
       "fields": {
        "periodNs": {
         "type": "int64",
         "id": 1
        }
       }
      },
      "TaskStatusUpdate": {
       "fields": {
        "taskId": {
         "type": "string",
         "id": 1
        },
        "status": {
         "type": "TaskStatus",
         "id": 2
        }
       }
      },
      "UpdateTaskStatusRequest": {
       "fields": {
        "sessionId": {
         "type": "string",
         "id": 1
        },
        "updates": {
         "rule": "repeated",
         "type": "TaskStatusUpdate",
         "id": 2
        }
       }
      },
      "UpdateTaskStatusResponse": {
       "fields": {}
      },
      "AssignmentsRequest": {
       "fields": {
        "sessionId": {
         "type": "string",
         "id": 1
        }
       }
      },
      "NetworkMap": {
       "fields": {
        "network": {
         "type": "Network",
         "id": 1
        },
        "endpoints": {
         "rule": "repeated",
         "type": "Endpoint",
         "id": 2
        },
        "peers": {
         "rule": "repeated",
         "type": "Peer",
         "id": 3
        },
        "virtualIps": {
         "rule": "repeated",
         "type": "VirtualIp",
         "id": 4
        }
       },
       "nested": {
        "Endpoint": {
         "fields": {
          "taskId": {
           "type": "string",
           "id": 1
          },
          "nodeId": {
           "type": "string",
           "id": 2
          },
          "serviceId": {
           "type": "string",
           "id": 3
          },
          "names": {
           "rule": "repeated",
           "type": "string",
           "id": 4
          },
          "addresses": {
           "rule": "repeated",
           "type": "string",
           "id": 5
          },
          "mac": {
           "type": "string",
           "id": 6
          }
         }
        },
        "Peer": {
         "fields": {
          "nodeId": {
           "type": "string",
           "id": 1
          },
          "addr": {
           "type": "string",
           "id": 2
          }
         }
        }
       }
      },
      "VolumeAssignment": {
       "fields": {
        "id": {
         "type": "string",
         "id": 1
        },
        "volumeId": {
         "type": "string",
         "id": 2
        },
        "driver": {
         "type": "Driver",
         "id": 3
        },
        "volumeContext": {
         "keyType": "string",
         "type": "string",
         "id": 4
        },
        "publishContext": {
         "keyType": "string",
         "type": "string",
         "id": 5
        },
        "secrets": {
         "rule": "repeated",
         "type": "VolumeSecret",
         "id": 7
        },
        "accessMode": {
         "type": "VolumeAccessMode",
         "id": 8
        }
       },
       "reserved": [
        [
         6,
         6
        ]
       ]
      },
      "Assignment": {
       "oneofs": {
        "item": {
         "oneof": [
          "task",
          "secret",
          "config",
          "network",
          "volume"
         ]
        }
       },
       "fields": {
        "task": {
         "type": "Task",
         "id": 1
        },
        "secret": {
         "type": "Secret",
         "id": 2
        },
        "config": {
         "type": "Config",
         "id": 3
        },
        "network": {
         "type": "NetworkMap",
         "id": 4
        },
        "volume": {
         "type": "VolumeAssignment",
         "id": 5
        }
       }
      },
      "AssignmentChange": {
       "fields": {
        "action": {
         "type": "Action",
         "id": 1
        },
        "assignment": {
         "type": "Assignment",
         "id": 2
        }
       },
       "nested": {
        "Action": {
         "values": {
          "ACTION_UPDATE": 0,
          "ACTION_REMOVE": 1
         }
        }
       }
      },
      "AssignmentsMessage": {
       "fields": {
        "type": {
         "type": "Type",
         "id": 1
        },
        "appliesTo": {
         "type": "uint64",
         "id": 2
        },
        "resultsIn": {
         "type": "uint64",
         "id": 3
        },
        "changes": {
         "rule": "repeated",
         "type": "AssignmentChange",
         "id": 4
        },
        "hash": {
         "type": "string",
         "id": 5
        }
       },
       "nested": {
        "Type": {
         "values": {
          "TYPE_COMPLETE": 0,
          "TYPE_INCREMENTAL": 1
         }
        }
       }
      },
      "UpdateVolumeStatusRequest": {
       "fields": {
        "sessionId": {
         "type": "string",
         "id": 1
        },
        "updates": {
         "rule": "repeated",
         "type": "Update",
         "id": 2
        }
       },
       "nested": {
        "Update": {
         "fields": {
          "id": {
           "type": "string",
           "id": 1
          },
          "unpublished": {
           "type": "bool",
           "id": 2
          }
         }
        }
       }
      },
      "UpdateVolumeStatusResponse": {
       "fields": {}
      },
      "Dispatcher": {
       "methods": {
        "Session": {
         "requestType": "SessionRequest",
         "responseType": "SessionMessage",
         "responseStream": true
        },
        "Heartbeat": {
         "requestType": "HeartbeatRequest",
         "responseType": "HeartbeatResponse"
        },
        "UpdateTaskStatus": {
         "requestType": "UpdateTaskStatusRequest",
         "responseType": "UpdateTaskStatusResponse"
        },
        "Assignments": {
         "requestType": "AssignmentsRequest",
         "responseType": "AssignmentsMessage",
         "responseStream": true
        },
        "UpdateVolumeStatus": {
         "requestType": "UpdateVolumeStatusRequest",
         "responseType": "UpdateVolumeStatusResponse"
        }
       }
      },
      "LogStream": {
       "values": {
        "LOG_STREAM_UNKNOWN": 0,
        "LOG_STREAM_STDOUT": 1,
        "LOG_STREAM_STDERR": 2
       }
      },
      "LogSelector": {
       "fields": {
        "serviceIds": {
         "rule": "repeated",
         "type": "string",
         "id": 1
        },
        "nodeIds": {
         "rule": "repeated",
         "type": "string",
         "id": 2
        },
        "taskIds": {
         "rule": "repeated",
         "type": "string",
         "id": 3
        }
       }
      },
      "LogPosition": {
       "fields": {
        "taskId": {
         "type": "string",
         "id": 1
        },
        "sinceMs": {
         "type": "int64",
         "id": 2
        }
       }
      },
      "LogOptions": {
       "fields": {
        "streams": {
         "rule": "repeated",
         "type": "LogStream",
         "id": 1
        },
        "follow": {
         "type": "bool",
         "id": 2
        },
        "tail": {
         "type": "OptionalInt64",
         "id": 3
        },
        "sinceMs": {
         "type": "int64",
         "id": 4
        },
        "positions": {
         "rule": "repeated",
         "type": "LogPosition",
         "id": 5
        }
       }
      },
      "LogContext": {
       "fields": {
        "serviceId": {
         "type": "string",
         "id": 1
        },
        "nodeId": {
         "type": "string",
         "id": 2
        },
        "taskId": {
         "type": "string",
         "id": 3
        }
       }
      },
      "LogMessage": {
       "fields": {
        "context": {
         "type": "LogContext",
         "id": 1
        },
        "timestamp": {
         "type": "string",
         "id": 2
        },
        "stream": {
         "type": "LogStream",
         "id": 3
        },
        "data": {
         "type": "bytes",
         "id": 4
        },
        "attrs": {
         "keyType": "string",
         "type": "string",
         "id": 5
        }
       }
      },
      "SubscribeLogsRequest": {
       "fields": {
        "selector": {
         "type": "LogSelector",
         "id": 1
        },
        "options": {
         "type": "LogOptions",
         "id": 2
        }
       }
      },
      "SubscribeLogsMessage": {
       "fields": {
        "messages": {
         "rule": "repeated",
         "type": "LogMessage",
         "id": 1
        },
        "warning": {
         "type": "string",
         "id": 2
        }
       }
      },
      "ListenSubscriptionsRequest": {
       "fields": {
        "sessionId": {
         "type": "string",
         "id": 1
        }
       }
      },
      "SubscriptionMessage": {
       "fields": {
        "id": {
         "type": "string",
         "id": 1
        },
        "selector": {
         "type": "LogSelector",
         "id": 2
        },
        "options": {
         "type": "LogOptions",
         "id": 3
        },
        "close": {
         "type": "bool",
         "id": 4
        }
       }
      },
      "PublishLogsMessage": {
       "fields": {
        "subscriptionId": {
         "type": "string",
         "id": 1
        },
        "messages": {
         "rule": "repeated",
         "type": "LogMessage",
         "id": 2
        },
        "close": {
         "type": "bool",
         "id": 3
        },
        "warning": {
         "type": "string",
         "id": 4
        }
       }
      },
      "PublishLogsResponse": {
       "fields": {}
      },
      "Logs": {
       "methods": {
        "SubscribeLogs": {
         "requestType": "SubscribeLogsRequest",
         "responseType": "SubscribeLogsMessage",
         "responseStream": true
        }
       }
      },
      "LogBroker": {
       "methods": {
        "ListenSubscriptions": {
         "requestType": "ListenSubscriptionsRequest",
         "responseType": "SubscriptionMessage",
         "responseStream": true
        },
        "PublishLogs": {
         "requestType": "PublishLogsMessage",
         "requestStream": true,
         "responseType": "PublishLogsResponse"
        }
       }
      },
      "RaftEntryType": {
       "values": {
        "RAFT_ENTRY_TYPE_NORMAL": 0,
        "RAFT_ENTRY_TYPE_CONF_CHANGE": 1
       }
      },
      "RaftEntry": {
       "fields": {
        "term": {
         "type": "uint64",
         "id": 1
        },
        "index": {
         "type": "uint64",
         "id": 2
        },
        "type": {
         "type": "RaftEntryType",
         "id": 3
        },
        "data": {
         "type": "bytes",
         "id": 4
        }
       }
      },
      "RaftConfState": {
       "fields": {
        "voters": {
         "rule": "repeated",
         "type": "uint64",
         "id": 1
        },
        "votersOutgoing": {
         "rule": "repeated",
         "type": "uint64",
         "id": 2
        },
        "learners": {
         "rule": "repeated",
         "type": "uint64",
         "id": 3
        },
        "learnersNext": {
         "rule": "repeated",
         "type": "uint64",
         "id": 4
        },
        "autoLeave": {
         "type": "bool",
         "id": 5
        }
       }
      },
      "RaftSnapshotMeta": {
       "fields": {
        "index": {
         "type": "uint64",
         "id": 1
        },
        "term": {
         "type": "uint64",
         "id": 2
        },
        "confState": {
         "type": "RaftConfState",
         "id": 3
        }
       }
      },
      "RaftMessageType": {
       "values": {
        "RAFT_MESSAGE_TYPE_UNSPECIFIED": 0,
        "RAFT_MESSAGE_TYPE_PROP": 1,
        "RAFT_MESSAGE_TYPE_APP": 2,
        "RAFT_MESSAGE_TYPE_APP_RESP": 3,
        "RAFT_MESSAGE_TYPE_VOTE": 4,
        "RAFT_MESSAGE_TYPE_VOTE_RESP": 5,
        "RAFT_MESSAGE_TYPE_PRE_VOTE": 6,
        "RAFT_MESSAGE_TYPE_PRE_VOTE_RESP": 7,
        "RAFT_MESSAGE_TYPE_SNAP": 8,
        "RAFT_MESSAGE_TYPE_HEARTBEAT": 9,
        "RAFT_MESSAGE_TYPE_HEARTBEAT_RESP": 10,
        "RAFT_MESSAGE_TYPE_TRANSFER_LEADER": 11,
        "RAFT_MESSAGE_TYPE_TIMEOUT_NOW": 12,
        "RAFT_MESSAGE_TYPE_READ_INDEX": 13,
        "RAFT_MESSAGE_TYPE_READ_INDEX_RESP": 14
       }
      },
      "RaftMessage": {
       "fields": {
        "type": {
         "type": "RaftMessageType",
         "id": 1
        },
        "from": {
         "type": "uint64",
         "id": 2
        },
        "to": {
         "type": "uint64",
         "id": 3
        },
        "term": {
         "type": "uint64",
         "id": 4
        },
        "logTerm": {
         "type": "uint64",
         "id": 5
        },
        "index": {
         "type": "uint64",
         "id": 6
        },
        "entries": {
         "rule": "repeated",
         "type": "RaftEntry",
         "id": 7
        },
        "commit": {
         "type": "uint64",
         "id": 8
        },
        "vote": {
         "type": "uint64",
         "id": 9
        },
        "reject": {
         "type": "bool",
         "id": 10
        },
        "rejectHint": {
         "type": "uint64",
         "id": 11
        },
        "context": {
         "type": "uint64",
         "id": 12
        },
        "forced": {
         "type": "bool",
         "id": 13
        },
        "snapshot": {
         "type": "RaftSnapshotMeta",
         "id": 14
        }
       }
      },
      "RaftMemberRecord": {
       "fields": {
        "id": {
         "type": "uint64",
         "id": 1
        },
        "nodeId": {
         "type": "string",
         "id": 2
        },
        "addr": {
         "type": "string",
         "id": 3
        },
        "controlAddr": {
         "type": "string",
         "id": 4
        }
       }
      },
      "RaftSnapshotDescription": {
       "fields": {
        "meta": {
         "type": "RaftSnapshotMeta",
         "id": 1
        },
        "members": {
         "rule": "repeated",
         "type": "RaftMemberRecord",
         "id": 2
        },
        "removed": {
         "rule": "repeated",
         "type": "uint64",
         "id": 3
        },
        "size": {
         "type": "uint64",
         "id": 4
        },
        "sha256": {
         "type": "bytes",
         "id": 5
        }
       }
      },
      "RaftHello": {
       "fields": {
        "version": {
         "type": "uint32",
         "id": 1
        },
        "clusterId": {
         "type": "string",
         "id": 2
        },
        "from": {
         "type": "uint64",
         "id": 3
        },
        "to": {
         "type": "uint64",
         "id": 4
        },
        "boot": {
         "type": "uint64",
         "id": 5
        },
        "addr": {
         "type": "string",
         "id": 6
        },
        "controlAddr": {
         "type": "string",
         "id": 7
        },
        "lastIndex": {
         "type": "uint64",
         "id": 8
        }
       }
      },
      "RaftFrame": {
       "fields": {
        "messages": {
         "rule": "repeated",
         "type": "RaftMessage",
         "id": 1
        }
       }
      },
      "RaftExchangeRequest": {
       "oneofs": {
        "kind": {
         "oneof": [
          "hello",
          "frame"
         ]
        }
       },
       "fields": {
        "hello": {
         "type": "RaftHello",
         "id": 1
        },
        "frame": {
         "type": "RaftFrame",
         "id": 2
        }
       }
      },
      "RaftExchangeResponse": {
       "fields": {}
      },
      "RaftSnapshotOffer": {
       "fields": {
        "hello": {
         "type": "RaftHello",
         "id": 1
        },
        "message": {
         "type": "RaftMessage",
         "id": 2
        },
        "description": {
         "type": "RaftSnapshotDescription",
         "id": 3
        }
       }
      },
      "RaftSnapshotChunk": {
       "fields": {
        "offset": {
         "type": "uint64",
         "id": 1
        },
        "data": {
         "type": "bytes",
         "id": 2
        },
        "crc32": {
         "type": "uint32",
         "id": 3
        }
       }
      },
      "RaftInstallSnapshotRequest": {
       "oneofs": {
        "kind": {
         "oneof": [
          "offer",
          "chunk"
         ]
        }
       },
       "fields": {
        "offer": {
         "type": "RaftSnapshotOffer",
         "id": 1
        },
        "chunk": {
         "type": "RaftSnapshotChunk",
         "id": 2
        }
       }
      },
      "RaftInstallSnapshotResponse": {
       "oneofs": {
        "kind": {
         "oneof": [
          "resume",
          "complete"
         ]
        }
       },
       "fields": {
        "resume": {
         "type": "uint64",
         "id": 1
        },
        "complete": {
         "type": "bool",
         "id": 2
        }
       }
      },
      "RaftTransport": {
       "methods": {
        "Exchange": {
         "requestType": "RaftExchangeRequest",
         "requestStream": true,
         "responseType": "RaftExchangeResponse"
        },
        "InstallSnapshot": {
         "requestType": "RaftInstallSnapshotRequest",
         "requestStream": true,
         "responseType": "RaftInstallSnapshotResponse",
         "responseStream": true
        }
       }
      },
      "TerminalWindow": {
       "fields": {
        "rows": {
         "type": "uint32",
         "id": 1
        },
        "columns": {
         "type": "uint32",
         "id": 2
        }
       }
      },
      "ExecAsk": {
       "fields": {
        "command": {
         "rule": "repeated",
         "type": "string",
         "id": 1
        },
        "env": {
         "rule": "repeated",
         "type": "string",
         "id": 2
        },
        "user": {
         "type": "string",
         "id": 3
        },
        "dir": {
         "type": "string",
         "id": 4
        },
        "stdin": {
         "type": "bool",
         "id": 5
        },
        "terminal": {
         "type": "TerminalWindow",
         "id": 6
        }
       }
      },
      "TopAsk": {
       "fields": {}
      },
      "StatsAsk": {
       "fields": {
        "periodMs": {
         "type": "uint32",
         "id": 1
        }
       }
      },
      "DialAsk": {
       "fields": {
        "port": {
         "type": "uint32",
         "id": 1
        }
       }
      },
      "ReachAsk": {
       "oneofs": {
        "kind": {
         "oneof": [
          "exec",
          "top",
          "stats",
          "dial"
         ]
        }
       },
       "fields": {
        "taskIds": {
         "rule": "repeated",
         "type": "string",
         "id": 1
        },
        "exec": {
         "type": "ExecAsk",
         "id": 2
        },
        "top": {
         "type": "TopAsk",
         "id": 3
        },
        "stats": {
         "type": "StatsAsk",
         "id": 4
        },
        "dial": {
         "type": "DialAsk",
         "id": 5
        },
        "client": {
         "type": "string",
         "id": 6
        }
       }
      },
      "ReachInput": {
       "oneofs": {
        "kind": {
         "oneof": [
          "ask",
          "data",
          "end",
          "resize",
          "signal"
         ]
        }
       },
       "fields": {
        "ask": {
         "type": "ReachAsk",
         "id": 1
        },
        "data": {
         "type": "bytes",
         "id": 2
        },
        "end": {
         "type": "bool",
         "id": 3
        },
        "resize": {
         "type": "TerminalWindow",
         "id": 4
        },
        "signal": {
         "type": "string",
         "id": 5
        }
       }
      },
      "ReachProcesses": {
       "fields": {
        "titles": {
         "rule": "repeated",
         "type": "string",
         "id": 1
        },
        "rows": {
         "rule": "repeated",
         "type": "Row",
         "id": 2
        }
       },
       "nested": {
        "Row": {
         "fields": {
          "cells": {
           "rule": "repeated",
           "type": "string",
           "id": 1
          }
         }
        }
       }
      },
      "TaskSample": {
       "fields": {
        "taskId": {
         "type": "string",
         "id": 1
        },
        "atMs": {
         "type": "int64",
         "id": 2
        },
        "cpuNs": {
         "type": "int64",
         "id": 3
        },
        "memoryBytes": {
         "type": "int64",
         "id": 4
        },
        "memoryLimitBytes": {
         "type": "int64",
         "id": 5
        },
        "pids": {
         "type": "int64",
         "id": 6
        },
        "networkReceivedBytes": {
         "type": "int64",
         "id": 7
        },
        "networkSentBytes": {
         "type": "int64",
         "id": 8
        },
        "blockReadBytes": {
         "type": "int64",
         "id": 9
        },
        "blockWrittenBytes": {
         "type": "int64",
         "id": 10
        },
        "error": {
         "type": "string",
         "id": 11
        }
       }
      },
      "ReachSamples": {
       "fields": {
        "samples": {
         "rule": "repeated",
         "type": "TaskSample",
         "id": 1
        }
       }
      },
      "ReachOutput": {
       "oneofs": {
        "kind": {
         "oneof": [
          "started",
          "stdout",
          "stderr",
          "end",
          "exit",
          "processes",
          "samples"
         ]
        }
       },
       "fields": {
        "started": {
         "type": "bool",
         "id": 1
        },
        "stdout": {
         "type": "bytes",
         "id": 2
        },
        "stderr": {
         "type": "bytes",
         "id": 3
        },
        "end": {
         "type": "bool",
         "id": 4
        },
        "exit": {
         "type": "int32",
         "id": 5
        },
        "processes": {
         "type": "ReachProcesses",
         "id": 6
        },
        "samples": {
         "type": "ReachSamples",
         "id": 7
        }
       }
      },
      "ListenReachRequest": {
       "fields": {
        "sessionId": {
         "type": "string",
         "id": 1
        }
       }
      },
      "ReachNotice": {
       "fields": {
        "id": {
         "type": "string",
         "id": 1
        },
        "ask": {
         "type": "ReachAsk",
         "id": 2
        }
       }
      },
      "ServeReachRequest": {
       "fields": {
        "id": {
         "type": "string",
         "id": 1
        },
        "output": {
         "type": "ReachOutput",
         "id": 2
        },
        "errorCode": {
         "type": "string",
         "id": 3
        },
        "errorMessage": {
         "type": "string",
         "id": 4
        },
        "done": {
         "type": "bool",
         "id": 5
        }
       }
      },
      "Reach": {
       "methods": {
        "Open": {
         "requestType": "ReachInput",
         "requestStream": true,
         "responseType": "ReachOutput",
         "responseStream": true
        }
       }
      },
      "ReachBroker": {
       "methods": {
        "ListenReach": {
         "requestType": "ListenReachRequest",
         "responseType": "ReachNotice",
         "responseStream": true
        },
        "ServeReach": {
         "requestType": "ServeReachRequest",
         "requestStream": true,
         "responseType": "ReachInput",
         "responseStream": true
        }
       }
      },
      "OffersRequest": {
       "fields": {
        "scheduler": {
         "type": "string",
         "id": 1
        }
       }
      },
      "PendingTask": {
       "fields": {
        "id": {
         "type": "string",
         "id": 1
        },
        "serviceId": {
         "type": "string",
         "id": 2
        },
        "serviceName": {
         "type": "string",
         "id": 3
        },
        "serviceLabels": {
         "keyType": "string",
         "type": "string",
         "id": 4
        },
        "slot": {
         "type": "uint64",
         "id": 5
        },
        "nodeId": {
         "type": "string",
         "id": 6
        },
        "reservations": {
         "type": "Resources",
         "id": 7
        },
        "placement": {
         "type": "Placement",
         "id": 8
        },
        "ports": {
         "rule": "repeated",
         "type": "PortConfig",
         "id": 9
        },
        "runtime": {
         "type": "string",
         "id": 10
        }
       }
      },
      "ServiceShare": {
       "fields": {
        "serviceId": {
         "type": "string",
         "id": 1
        },
        "tasks": {
         "type": "uint64",
         "id": 2
        }
       }
      },
      "NodeOffer": {
       "fields": {
        "id": {
         "type": "string",
         "id": 1
        },
        "hostname": {
         "type": "string",
         "id": 2
        },
        "role": {
         "type": "NodeRole",
         "id": 3
        },
        "addr": {
         "type": "string",
         "id": 4
        },
        "available": {
         "type": "bool",
         "id": 5
        },
        "labels": {
         "keyType": "string",
         "type": "string",
         "id": 6
        },
        "engineLabels": {
         "keyType": "string",
         "type": "string",
         "id": 7
        },
        "platform": {
         "type": "Platform",
         "id": 8
        },
        "runtimes": {
         "rule": "repeated",
         "type": "string",
         "id": 9
        },
        "total": {
         "type": "Resources",
         "id": 10
        },
        "free": {
         "type": "Resources",
         "id": 11
        },
        "services": {
         "rule": "repeated",
         "type": "ServiceShare",
         "id": 12
        }
       }
      },
      "OffersMessage": {
       "fields": {
        "type": {
         "type": "Type",
         "id": 1
        },
        "tasks": {
         "rule": "repeated",
         "type": "PendingTask",
         "id": 2
        },
        "goneTaskIds": {
         "rule": "repeated",
         "type": "string",
         "id": 3
        },
        "nodes": {
         "rule": "repeated",
         "type": "NodeOffer",
         "id": 4
        },
        "goneNodeIds": {
         "rule": "repeated",
         "type": "string",
         "id": 5
        },
        "more": {
         "type": "bool",
         "id": 6
        }
       },
       "nested": {
        "Type": {
         "values": {
          "TYPE_COMPLETE": 0,
          "TYPE_INCREMENTAL": 1
         }
        }
       }
      },
      "TaskPlacement": {
       "fields": {
        "taskId": {
         "type": "string",
         "id": 1
        },
        "nodeId": {
         "type": "string",
         "id": 2
        }
       }
      },
      "PlaceRequest": {
       "fields": {
        "scheduler": {
         "type": "string",
         "id": 1
        },
        "placements": {
         "rule": "repeated",
         "type": "TaskPlacement",
         "id": 2
        }
       }
      },
      "PlacementResult": {
       "fields": {
        "taskId": {
         "type": "string",
         "id": 1
        },
        "outcome": {
         "type": "Outcome",
         "id": 2
        },
        "lacks": {
         "rule": "repeated",
         "type": "Lack",
         "id": 3
        }
       },
       "nested": {
        "Outcome": {
         "values": {
          "OUTCOME_PLACED": 0,
          "OUTCOME_UNFIT": 1,
          "OUTCOME_NOT_PENDING": 2,
          "OUTCOME_NOT_YOURS": 3,
          "OUTCOME_WRONG_NODE": 4
         }
        }
       }
      },
      "PlaceResponse": {
       "fields": {
        "results": {
         "rule": "repeated",
         "type": "PlacementResult",
         "id": 1
        }
       }
      },
      "Scheduling": {
       "methods": {
        "Offers": {
         "requestType": "OffersRequest",
         "responseType": "OffersMessage",
         "responseStream": true
        },
        "Place": {
         "requestType": "PlaceRequest",
         "responseType": "PlaceResponse"
        }
       }
      }
     }
    }
   }
  },
  "csi": {
   "nested": {
    "v1": {
     "nested": {
      "GetPluginInfoRequest": {
       "fields": {}
      },
      "GetPluginInfoResponse": {
       "fields": {
        "name": {
         "type": "string",
         "id": 1
        },
        "vendorVersion": {
         "type": "string",
         "id": 2
        }
       }
      },
      "GetPluginCapabilitiesRequest": {
       "fields": {}
      },
      "PluginCapability": {
       "oneofs": {
        "type": {
         "oneof": [
          "service"
         ]
        }
       },
       "fields": {
        "service": {
         "type": "Service",
         "id": 1
        }
       },
       "nested": {
        "Service": {
         "fields": {
          "type": {
           "type": "Type",
           "id": 1
          }
         },
         "nested": {
          "Type": {
           "values": {
            "TYPE_UNKNOWN": 0,
            "TYPE_CONTROLLER_SERVICE": 1,
            "TYPE_VOLUME_ACCESSIBILITY_CONSTRAINTS": 2
           }
          }
         }
        }
       }
      },
      "GetPluginCapabilitiesResponse": {
       "fields": {
        "capabilities": {
         "rule": "repeated",
         "type": "PluginCapability",
         "id": 1
        }
       }
      },
      "ProbeRequest": {
       "fields": {}
      },
      "Readiness": {
       "fields": {
        "value": {
         "type": "bool",
         "id": 1
        }
       }
      },
      "ProbeResponse": {
       "fields": {
        "ready": {
         "type": "Readiness",
         "id": 1
        }
       }
      },
      "Identity": {
       "methods": {
        "GetPluginInfo": {
         "requestType": "GetPluginInfoRequest",
         "responseType": "GetPluginInfoResponse"
        },
        "GetPluginCapabilities": {
         "requestType": "GetPluginCapabilitiesRequest",
         "responseType": "GetPluginCapabilitiesResponse"
        },
        "Probe": {
         "requestType": "ProbeRequest",
         "responseType": "ProbeResponse"
        }
       }
      },
      "CapacityRange": {
       "fields": {
        "requiredBytes": {
         "type": "int64",
         "id": 1
        },
        "limitBytes": {
         "type": "int64",
         "id": 2
        }
       }
      },
      "Topology": {
       "fields": {
        "segments": {
         "keyType": "string",
         "type": "string",
         "id": 1
        }
       }
      },
      "TopologyRequirement": {
       "fields": {
        "requisite": {
         "rule": "repeated",
         "type": "Topology",
         "id": 1
        },
        "preferred": {
         "rule": "repeated",
         "type": "Topology",
         "id": 2
        }
       }
      },
      "VolumeCapability": {
       "oneofs": {
        "accessType": {
         "oneof": [
          "block",
          "mount"
         ]
        }
       },
       "fields": {
        "block": {
         "type": "BlockVolume",
         "id": 1
        },
        "mount": {
         "type": "MountVolume",
         "id": 2
        },
        "accessMode": {
         "type": "AccessMode",
         "id": 3
        }
       },
       "nested": {
        "BlockVolume": {
         "fields": {}
        },
        "MountVolume": {
         "fields": {
          "fsType": {
           "type": "string",
           "id": 1
          },
          "mountFlags": {
           "rule": "repeated",
           "type": "string",
           "id": 2
          }
         }
        },
        "AccessMode": {
         "fields": {
          "mode": {
           "type": "Mode",
           "id": 1
          }
         },
         "nested": {
          "Mode": {
           "values": {
            "MODE_UNKNOWN": 0,
            "MODE_SINGLE_NODE_WRITER": 1,
            "MODE_SINGLE_NODE_READER_ONLY": 2,
            "MODE_MULTI_NODE_READER_ONLY": 3,
            "MODE_MULTI_NODE_SINGLE_WRITER": 4,
            "MODE_MULTI_NODE_MULTI_WRITER": 5,
            "MODE_SINGLE_NODE_SINGLE_WRITER": 6,
            "MODE_SINGLE_NODE_MULTI_WRITER": 7
           }
          }
         }
        }
       }
      },
      "Volume": {
       "fields": {
        "capacityBytes": {
         "type": "int64",
         "id": 1
        },
        "volumeId": {
         "type": "string",
         "id": 2
        },
        "volumeContext": {
         "keyType": "string",
         "type": "string",
         "id": 3
        },
        "accessibleTopology": {
         "rule": "repeated",
         "type": "Topology",
         "id": 5
        }
       }
      },
      "CreateVolumeRequest": {
       "fields": {
        "name": {
         "type": "string",
         "id": 1
        },
        "capacityRange": {
         "type": "CapacityRange",
         "id": 2
        },
        "volumeCapabilities": {
         "rule": "repeated",
         "type": "VolumeCapability",
         "id": 3
        },
        "parameters": {
         "keyType": "string",
         "type": "string",
         "id": 4
        },
        "secrets": {
         "keyType": "string",
         "type": "string",
         "id": 5
        },
        "accessibilityRequirements": {
         "type": "TopologyRequirement",
         "id": 7
        }
       }
      },
      "CreateVolumeResponse": {
       "fields": {
        "volume": {
         "type": "Volume",
         "id": 1
        }
       }
      },
      "DeleteVolumeRequest": {
       "fields": {
        "volumeId": {
         "type": "string",
         "id": 1
        },
        "secrets": {
         "keyType": "string",
         "type": "string",
         "id": 2
        }
       }
      },
      "DeleteVolumeResponse": {
       "fields": {}
      },
      "ControllerPublishVolumeRequest": {
       "fields": {
        "volumeId": {
         "type": "string",
         "id": 1
        },
        "nodeId": {
         "type": "string",
         "id": 2
        },
        "volumeCapability": {
         "type": "VolumeCapability",
         "id": 3
        },
        "readonly": {
         "type": "bool",
         "id": 4
        },
        "secrets": {
         "keyType": "string",
         "type": "string",
         "id": 5
        },
        "volumeContext": {
         "keyType": "string",
         "type": "string",
         "id": 6
        }
       }
      },
      "ControllerPublishVolumeResponse": {
       "fields": {
        "publishContext": {
         "keyType": "string",
         "type": "string",
         "id": 1
        }
       }
      },
      "ControllerUnpublishVolumeRequest": {
       "fields": {
        "volumeId": {
         "type": "string",
         "id": 1
        },
        "nodeId": {
         "type": "string",
         "id": 2
        },
        "secrets": {
         "keyType": "string",
         "type": "string",
         "id": 3
        }
       }
      },
      "ControllerUnpublishVolumeResponse": {
       "fields": {}
      },
      "ValidateVolumeCapabilitiesRequest": {
       "fields": {
        "volumeId": {
         "type": "string",
         "id": 1
        },
        "volumeContext": {
         "keyType": "string",
         "type": "string",
         "id": 2
        },
        "volumeCapabilities": {
         "rule": "repeated",
         "type": "VolumeCapability",
         "id": 3
        },
        "parameters": {
         "keyType": "string",
         "type": "string",
         "id": 4
        },
        "secrets": {
         "keyType": "string",
         "type": "string",
         "id": 5
        }
       }
      },
      "ValidateVolumeCapabilitiesResponse": {
       "fields": {
        "confirmed": {
         "type": "Confirmed",
         "id": 1
        },
        "message": {
         "type": "string",
         "id": 2
        }
       },
       "nested": {
        "Confirmed": {
         "fields": {
          "volumeContext": {
           "keyType": "string",
           "type": "string",
           "id": 1
          },
          "volumeCapabilities": {
           "rule": "repeated",
           "type": "VolumeCapability",
           "id": 2
          },
          "parameters": {
           "keyType": "string",
           "type": "string",
           "id": 3
          }
         }
        }
       }
      },
      "ControllerGetCapabilitiesRequest": {
       "fields": {}
      },
      "ControllerServiceCapability": {
       "oneofs": {
        "type": {
         "oneof": [
          "rpc"
         ]
        }
       },
       "fields": {
        "rpc": {
         "type": "Rpc",
         "id": 1
        }
       },
       "nested": {
        "Rpc": {
         "fields": {
          "type": {
           "type": "Type",
           "id": 1
          }
         },
         "nested": {
          "Type": {
           "values": {
            "TYPE_UNKNOWN": 0,
            "TYPE_CREATE_DELETE_VOLUME": 1,
            "TYPE_PUBLISH_UNPUBLISH_VOLUME": 2,
            "TYPE_PUBLISH_READONLY": 8,
            "TYPE_SINGLE_NODE_MULTI_WRITER": 13
           }
          }
         }
        }
       }
      },
      "ControllerGetCapabilitiesResponse": {
       "fields": {
        "capabilities": {
         "rule": "repeated",
         "type": "ControllerServiceCapability",
         "id": 1
        }
       }
      },
      "Controller": {
       "methods": {
        "CreateVolume": {
         "requestType": "CreateVolumeRequest",
         "responseType": "CreateVolumeResponse"
        },
        "DeleteVolume": {
         "requestType": "DeleteVolumeRequest",
         "responseType": "DeleteVolumeResponse"
        },
        "ControllerPublishVolume": {
         "requestType": "ControllerPublishVolumeRequest",
         "responseType": "ControllerPublishVolumeResponse"
        },
        "ControllerUnpublishVolume": {
         "requestType": "ControllerUnpublishVolumeRequest",
         "responseType": "ControllerUnpublishVolumeResponse"
        },
        "ValidateVolumeCapabilities": {
         "requestType": "ValidateVolumeCapabilitiesRequest",
         "responseType": "ValidateVolumeCapabilitiesResponse"
        },
        "ControllerGetCapabilities": {
         "requestType": "ControllerGetCapabilitiesRequest",
         "responseType": "ControllerGetCapabilitiesResponse"
        }
       }
      },
      "NodeStageVolumeRequest": {
       "fields": {
        "volumeId": {
         "type": "string",
         "id": 1
        },
        "publishContext": {
         "keyType": "string",
         "type": "string",
         "id": 2
        },
        "stagingTargetPath": {
         "type": "string",
         "id": 3
        },
        "volumeCapability": {
         "type": "VolumeCapability",
         "id": 4
        },
        "secrets": {
         "keyType": "string",
         "type": "string",
         "id": 5
        },
        "volumeContext": {
         "keyType": "string",
         "type": "string",
         "id": 6
        }
       }
      },
      "NodeStageVolumeResponse": {
       "fields": {}
      },
      "NodeUnstageVolumeRequest": {
       "fields": {
        "volumeId": {
         "type": "string",
         "id": 1
        },
        "stagingTargetPath": {
         "type": "string",
         "id": 2
        }
       }
      },
      "NodeUnstageVolumeResponse": {
       "fields": {}
      },
      "NodePublishVolumeRequest": {
       "fields": {
        "volumeId": {
         "type": "string",
         "id": 1
        },
        "publishContext": {
         "keyType": "string",
         "type": "string",
         "id": 2
        },
        "stagingTargetPath": {
         "type": "string",
         "id": 3
        },
        "targetPath": {
         "type": "string",
         "id": 4
        },
        "volumeCapability": {
         "type": "VolumeCapability",
         "id": 5
        },
        "readonly": {
         "type": "bool",
         "id": 6
        },
        "secrets": {
         "keyType": "string",
         "type": "string",
         "id": 7
        },
        "volumeContext": {
         "keyType": "string",
         "type": "string",
         "id": 8
        }
       }
      },
      "NodePublishVolumeResponse": {
       "fields": {}
      },
      "NodeUnpublishVolumeRequest": {
       "fields": {
        "volumeId": {
         "type": "string",
         "id": 1
        },
        "targetPath": {
         "type": "string",
         "id": 2
        }
       }
      },
      "NodeUnpublishVolumeResponse": {
       "fields": {}
      },
      "NodeGetCapabilitiesRequest": {
       "fields": {}
      },
      "NodeServiceCapability": {
       "oneofs": {
        "type": {
         "oneof": [
          "rpc"
         ]
        }
       },
       "fields": {
        "rpc": {
         "type": "Rpc",
         "id": 1
        }
       },
       "nested": {
        "Rpc": {
         "fields": {
          "type": {
           "type": "Type",
           "id": 1
          }
         },
         "nested": {
          "Type": {
           "values": {
            "TYPE_UNKNOWN": 0,
            "TYPE_STAGE_UNSTAGE_VOLUME": 1,
            "TYPE_SINGLE_NODE_MULTI_WRITER": 5
           }
          }
         }
        }
       }
      },
      "NodeGetCapabilitiesResponse": {
       "fields": {
        "capabilities": {
         "rule": "repeated",
         "type": "NodeServiceCapability",
         "id": 1
        }
       }
      },
      "NodeGetInfoRequest": {
       "fields": {}
      },
      "NodeGetInfoResponse": {
       "fields": {
        "nodeId": {
         "type": "string",
         "id": 1
        },
        "maxVolumesPerNode": {
         "type": "int64",
         "id": 2
        },
        "accessibleTopology": {
         "type": "Topology",
         "id": 3
        }
       }
      },
      "Node": {
       "methods": {
        "NodeStageVolume": {
         "requestType": "NodeStageVolumeRequest",
         "responseType": "NodeStageVolumeResponse"
        },
        "NodeUnstageVolume": {
         "requestType": "NodeUnstageVolumeRequest",
         "responseType": "NodeUnstageVolumeResponse"
        },
        "NodePublishVolume": {
         "requestType": "NodePublishVolumeRequest",
         "responseType": "NodePublishVolumeResponse"
        },
        "NodeUnpublishVolume": {
         "requestType": "NodeUnpublishVolumeRequest",
         "responseType": "NodeUnpublishVolumeResponse"
        },
        "NodeGetCapabilities": {
         "requestType": "NodeGetCapabilitiesRequest",
         "responseType": "NodeGetCapabilitiesResponse"
        },
        "NodeGetInfo": {
         "requestType": "NodeGetInfoRequest",
         "responseType": "NodeGetInfoResponse"
        }
       }
      }
     }
    }
   }
  }
 }
}`) as INamespace;

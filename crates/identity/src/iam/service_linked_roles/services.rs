//! Which services have service-linked roles, by what name, with which of AWS's policies.
//!
//! AWS publishes this service by service and nowhere as one list. Those are here that tutorials and Terraform modules make
//! roles for; for any other the name that AWS would choose is not known, so the request is refused rather than guessed at.

/// A service with a role of its own in customers' accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LinkedService {
    /// The service principal: `autoscaling.amazonaws.com`.
    pub(super) principal: &'static str,
    /// What follows `AWSServiceRoleFor` in the role's name.
    pub(super) suffix: &'static str,
    /// The name of AWS's policy on the role, under `/aws-service-role/`.
    pub(super) policy: &'static str,
    /// Whether an account may have several, told apart by a CustomSuffix.
    pub(super) several: bool,
}

const fn one(principal: &'static str, suffix: &'static str, policy: &'static str) -> LinkedService {
    LinkedService {
        principal,
        suffix,
        policy,
        several: false,
    }
}

const fn several(
    principal: &'static str,
    suffix: &'static str,
    policy: &'static str,
) -> LinkedService {
    LinkedService {
        several: true,
        ..one(principal, suffix, policy)
    }
}

/// In the order of the principals.
#[rustfmt::skip]
pub(super) const SERVICES: &[LinkedService] = &[
    one("access-analyzer.amazonaws.com", "AccessAnalyzer", "AccessAnalyzerServiceRolePolicy"),
    one("appmesh.amazonaws.com", "AppMesh", "AWSAppMeshServiceRolePolicy"),
    one("apprunner.amazonaws.com", "AppRunner", "AppRunnerServiceRolePolicy"),
    one("appsync.amazonaws.com", "AppSync", "AWSAppSyncServiceRolePolicy"),
    one("auditmanager.amazonaws.com", "AuditManager", "AWSAuditManagerServiceRolePolicy"),
    several("autoscaling.amazonaws.com", "AutoScaling", "AutoScalingServiceRolePolicy"),
    one("backup.amazonaws.com", "Backup", "AWSBackupServiceLinkedRolePolicyForBackup"),
    one("batch.amazonaws.com", "Batch", "BatchServiceRolePolicy"),
    one("budgets.amazonaws.com", "Budgets", "BudgetsServiceRolePolicy"),
    one("cloud9.amazonaws.com", "AWSCloud9", "AWSCloud9ServiceRolePolicy"),
    one("cloudhsm.amazonaws.com", "CloudHSM", "CloudHSMServiceRolePolicy"),
    one("cloudtrail.amazonaws.com", "CloudTrail", "CloudTrailServiceRolePolicy"),
    one("compute-optimizer.amazonaws.com", "ComputeOptimizer", "ComputeOptimizerServiceRolePolicy"),
    one("config.amazonaws.com", "Config", "AWSConfigServiceRolePolicy"),
    several("connect.amazonaws.com", "AmazonConnect", "AmazonConnectServiceLinkedRolePolicy"),
    one("continuousexport.discovery.amazonaws.com", "ApplicationDiscoveryServiceContinuousExport", "ApplicationDiscoveryServiceContinuousExportServiceRolePolicy"),
    one("controltower.amazonaws.com", "AWSControlTower", "AWSControlTowerAccountServiceRolePolicy"),
    one("dax.amazonaws.com", "DAX", "DAXServiceRolePolicy"),
    one("detective.amazonaws.com", "Detective", "AmazonDetectiveServiceLinkedRolePolicy"),
    one("devops-guru.amazonaws.com", "DevOpsGuru", "AmazonDevOpsGuruServiceRolePolicy"),
    one("dynamodb.application-autoscaling.amazonaws.com", "ApplicationAutoScaling_DynamoDBTable", "AWSApplicationAutoscalingDynamoDBTablePolicy"),
    one("ec2.application-autoscaling.amazonaws.com", "ApplicationAutoScaling_EC2SpotFleetRequest", "AWSApplicationAutoscalingEC2SpotFleetRequestPolicy"),
    one("ec2fleet.amazonaws.com", "EC2Fleet", "AWSEC2FleetServiceRolePolicy"),
    one("ecs.amazonaws.com", "ECS", "AmazonECSServiceRolePolicy"),
    one("ecs.application-autoscaling.amazonaws.com", "ApplicationAutoScaling_ECSService", "AWSApplicationAutoscalingECSServicePolicy"),
    one("eks-connector.amazonaws.com", "AmazonEKSConnector", "AmazonEKSConnectorServiceRolePolicy"),
    one("eks-fargate.amazonaws.com", "AmazonEKSForFargate", "AmazonEKSForFargateServiceRolePolicy"),
    one("eks-nodegroup.amazonaws.com", "AmazonEKSNodegroup", "AWSServiceRoleForAmazonEKSNodegroup"),
    one("eks.amazonaws.com", "AmazonEKS", "AmazonEKSServiceRolePolicy"),
    one("elasticache.amazonaws.com", "ElastiCache", "ElastiCacheServiceRolePolicy"),
    one("elasticbeanstalk.amazonaws.com", "ElasticBeanstalk", "AWSElasticBeanstalkServiceRolePolicy"),
    one("elasticfilesystem.amazonaws.com", "AmazonElasticFileSystem", "AmazonElasticFileSystemServiceRolePolicy"),
    one("elasticloadbalancing.amazonaws.com", "ElasticLoadBalancing", "AWSElasticLoadBalancingServiceRolePolicy"),
    one("elasticmapreduce.amazonaws.com", "EMRCleanup", "AmazonEMRCleanupPolicy"),
    one("emr-containers.amazonaws.com", "AmazonEMRContainers", "AmazonEMRContainersServiceRolePolicy"),
    one("es.amazonaws.com", "AmazonElasticsearchService", "AmazonElasticsearchServiceRolePolicy"),
    one("fms.amazonaws.com", "FMS", "FMSServiceRolePolicy"),
    one("fsx.amazonaws.com", "AmazonFSx", "AmazonFSxServiceRolePolicy"),
    one("globalaccelerator.amazonaws.com", "GlobalAccelerator", "AWSGlobalAcceleratorSLRPolicy"),
    one("guardduty.amazonaws.com", "AmazonGuardDuty", "AmazonGuardDutyServiceRolePolicy"),
    one("imagebuilder.amazonaws.com", "ImageBuilder", "AWSServiceRoleForImageBuilder"),
    one("inspector.amazonaws.com", "AmazonInspector", "AmazonInspectorServiceRolePolicy"),
    one("inspector2.amazonaws.com", "AmazonInspector2", "AmazonInspector2ServiceRolePolicy"),
    one("kafka.amazonaws.com", "Kafka", "KafkaServiceRolePolicy"),
    one("lakeformation.amazonaws.com", "LakeFormationDataAccess", "LakeFormationDataAccessServiceRolePolicy"),
    one("lex.amazonaws.com", "LexBots", "LexBotPolicy"),
    several("lexv2.amazonaws.com", "LexV2Bots", "AmazonLexV2BotPolicy"),
    one("license-manager.amazonaws.com", "AWSLicenseManagerRole", "AWSLicenseManagerServiceRolePolicy"),
    one("macie.amazonaws.com", "AmazonMacie", "AmazonMacieServiceRolePolicy"),
    one("mq.amazonaws.com", "AmazonMQ", "AmazonMQServiceRolePolicy"),
    one("network-firewall.amazonaws.com", "NetworkFirewall", "AWSNetworkFirewallServiceRolePolicy"),
    one("networkmanager.amazonaws.com", "NetworkManager", "AWSNetworkManagerServiceRolePolicy"),
    one("opensearchservice.amazonaws.com", "AmazonOpenSearchService", "AmazonOpenSearchServiceRolePolicy"),
    one("ops.apigateway.amazonaws.com", "APIGateway", "APIGatewayServiceRolePolicy"),
    one("organizations.amazonaws.com", "Organizations", "AWSOrganizationsServiceTrustPolicy"),
    one("outposts.amazonaws.com", "Outposts", "AWSOutpostsServiceRolePolicy"),
    one("ram.amazonaws.com", "ResourceAccessManager", "AWSResourceAccessManagerServiceRolePolicy"),
    one("rds.amazonaws.com", "RDS", "AmazonRDSServiceRolePolicy"),
    one("rds.application-autoscaling.amazonaws.com", "ApplicationAutoScaling_RDSCluster", "AWSApplicationAutoscalingRDSClusterPolicy"),
    one("redshift.amazonaws.com", "Redshift", "AmazonRedshiftServiceLinkedRolePolicy"),
    one("replication.dynamodb.amazonaws.com", "DynamoDBReplication", "DynamoDBReplicationServiceRolePolicy"),
    one("replicator.lambda.amazonaws.com", "LambdaReplicator", "AWSLambdaReplicator"),
    one("resource-explorer-2.amazonaws.com", "ResourceExplorer", "AWSResourceExplorerServiceRolePolicy"),
    one("route53resolver.amazonaws.com", "Route53Resolver", "Route53ResolverServiceRolePolicy"),
    one("sagemaker.application-autoscaling.amazonaws.com", "ApplicationAutoScaling_SageMakerEndpoint", "AWSApplicationAutoscalingSageMakerEndpointPolicy"),
    one("securityhub.amazonaws.com", "SecurityHub", "AWSSecurityHubServiceRolePolicy"),
    one("servicequotas.amazonaws.com", "ServiceQuotas", "ServiceQuotasServiceRolePolicy"),
    one("shield.amazonaws.com", "AWSShield", "AWSShieldServiceRolePolicy"),
    one("spot.amazonaws.com", "EC2Spot", "AWSEC2SpotServiceRolePolicy"),
    one("spotfleet.amazonaws.com", "EC2SpotFleet", "AWSEC2SpotFleetServiceRolePolicy"),
    one("ssm.amazonaws.com", "AmazonSSM", "AmazonSSMServiceRolePolicy"),
    one("sso.amazonaws.com", "SSO", "AWSSSOServiceRolePolicy"),
    one("storage-lens.s3.amazonaws.com", "S3StorageLens", "S3StorageLensServiceRolePolicy"),
    one("support.amazonaws.com", "Support", "AWSSupportServiceRolePolicy"),
    one("transitgateway.amazonaws.com", "VPCTransitGateway", "AWSVPCTransitGatewayServiceRolePolicy"),
    one("trustedadvisor.amazonaws.com", "TrustedAdvisor", "AWSTrustedAdvisorServiceRolePolicy"),
    one("wafv2.amazonaws.com", "WAFV2Logging", "WAFV2LoggingServiceRolePolicy"),
];

/// The service of this principal.
pub(super) fn linked(principal: &str) -> Option<&'static LinkedService> {
    SERVICES
        .iter()
        .find(|service| service.principal == principal)
}

#[cfg(test)]
mod tests {
    use twinlock_directory::managed;

    use super::*;

    #[test]
    fn every_policy_is_one_that_aws_keeps_for_its_services() {
        for service in SERVICES {
            let arn = super::super::policy_arn(service);
            let policy = managed::get(&arn).unwrap_or_else(|| panic!("{arn}"));
            assert!(!policy.attachable, "{arn}");
        }
    }

    #[test]
    fn the_list_is_in_order_and_names_nobody_twice() {
        let ordered = SERVICES
            .windows(2)
            .all(|pair| pair[0].principal < pair[1].principal);
        assert!(ordered);
    }
}

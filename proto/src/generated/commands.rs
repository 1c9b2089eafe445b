// Drawn from the .proto files by tests/generated.rs; do not edit.

use tonic::{Request, Response, Status};

use super::v1::{self, Receipt, command::Kind};

/// A command about a playbook.
#[derive(Debug, Clone, PartialEq)]
pub enum PlaybookCommand {
    /// See [`v1::PublishPlaybook`].
    PublishPlaybook(v1::PublishPlaybook),
}

/// A command about a commission plan.
#[derive(Debug, Clone, PartialEq)]
pub enum CommissionPlanCommand {
    /// See [`v1::PublishCommissionPlan`].
    PublishCommissionPlan(v1::PublishCommissionPlan),
    /// See [`v1::EnrollParticipant`].
    EnrollParticipant(v1::EnrollParticipant),
    /// See [`v1::WithdrawParticipant`].
    WithdrawParticipant(v1::WithdrawParticipant),
}

/// A command about a commission statement.
#[derive(Debug, Clone, PartialEq)]
pub enum CommissionStatementCommand {
    /// See [`v1::ApproveStatement`].
    ApproveStatement(v1::ApproveStatement),
    /// See [`v1::PayStatement`].
    PayStatement(v1::PayStatement),
    /// See [`v1::DisputeStatement`].
    DisputeStatement(v1::DisputeStatement),
    /// See [`v1::ResolveDispute`].
    ResolveDispute(v1::ResolveDispute),
    /// See [`v1::ProposeAdjustment`].
    ProposeAdjustment(v1::ProposeAdjustment),
    /// See [`v1::ApproveAdjustment`].
    ApproveAdjustment(v1::ApproveAdjustment),
    /// See [`v1::RejectAdjustment`].
    RejectAdjustment(v1::RejectAdjustment),
}

/// A command about a contract.
#[derive(Debug, Clone, PartialEq)]
pub enum ContractCommand {
    /// See [`v1::SignContract`].
    SignContract(v1::SignContract),
    /// See [`v1::AmendContract`].
    AmendContract(v1::AmendContract),
    /// See [`v1::ReassignContract`].
    ReassignContract(v1::ReassignContract),
    /// See [`v1::RecognizeRevenue`].
    RecognizeRevenue(v1::RecognizeRevenue),
    /// See [`v1::IssueInvoice`].
    IssueInvoice(v1::IssueInvoice),
    /// See [`v1::RecordPayment`].
    RecordPayment(v1::RecordPayment),
    /// See [`v1::RecordRefund`].
    RecordRefund(v1::RecordRefund),
    /// See [`v1::RecordDirectCost`].
    RecordDirectCost(v1::RecordDirectCost),
    /// See [`v1::TerminateContract`].
    TerminateContract(v1::TerminateContract),
    /// See [`v1::HandOverContract`].
    HandOverContract(v1::HandOverContract),
    /// See [`v1::ReachMilestone`].
    ReachMilestone(v1::ReachMilestone),
}

/// A command about a opportunity.
#[derive(Debug, Clone, PartialEq)]
pub enum OpportunityCommand {
    /// See [`v1::RegisterOpportunity`].
    RegisterOpportunity(v1::RegisterOpportunity),
    /// See [`v1::AssignLead`].
    AssignLead(v1::AssignLead),
    /// See [`v1::AdvanceStage`].
    AdvanceStage(v1::AdvanceStage),
    /// See [`v1::StepBack`].
    StepBack(v1::StepBack),
    /// See [`v1::CompleteChecklistItem`].
    CompleteChecklistItem(v1::CompleteChecklistItem),
    /// See [`v1::LogActivity`].
    LogActivity(v1::LogActivity),
    /// See [`v1::ChangeAmount`].
    ChangeAmount(v1::ChangeAmount),
    /// See [`v1::ChangeExpectedClose`].
    ChangeExpectedClose(v1::ChangeExpectedClose),
    /// See [`v1::ChangeProducts`].
    ChangeProducts(v1::ChangeProducts),
    /// See [`v1::IdentifyCustomer`].
    IdentifyCustomer(v1::IdentifyCustomer),
    /// See [`v1::WinOpportunity`].
    WinOpportunity(v1::WinOpportunity),
    /// See [`v1::LoseOpportunity`].
    LoseOpportunity(v1::LoseOpportunity),
    /// See [`v1::ReopenOpportunity`].
    ReopenOpportunity(v1::ReopenOpportunity),
}

/// A command about a customer.
#[derive(Debug, Clone, PartialEq)]
pub enum CustomerCommand {
    /// See [`v1::RegisterCustomer`].
    RegisterCustomer(v1::RegisterCustomer),
    /// See [`v1::UpdateCustomer`].
    UpdateCustomer(v1::UpdateCustomer),
    /// See [`v1::AddContact`].
    AddContact(v1::AddContact),
    /// See [`v1::UpdateContact`].
    UpdateContact(v1::UpdateContact),
    /// See [`v1::RemoveContact`].
    RemoveContact(v1::RemoveContact),
    /// See [`v1::AssignCsm`].
    AssignCsm(v1::AssignCsm),
    /// See [`v1::RecordChurn`].
    RecordChurn(v1::RecordChurn),
}

/// A command about a exchange rate.
#[derive(Debug, Clone, PartialEq)]
pub enum ExchangeRateCommand {
    /// See [`v1::SetExchangeRate`].
    SetExchangeRate(v1::SetExchangeRate),
}

/// A command about a fixed cost.
#[derive(Debug, Clone, PartialEq)]
pub enum FixedCostCommand {
    /// See [`v1::RecordFixedCost`].
    RecordFixedCost(v1::RecordFixedCost),
}

/// A command about a health model.
#[derive(Debug, Clone, PartialEq)]
pub enum HealthModelCommand {
    /// See [`v1::PublishHealthModel`].
    PublishHealthModel(v1::PublishHealthModel),
}

/// A command about a interaction.
#[derive(Debug, Clone, PartialEq)]
pub enum InteractionCommand {
    /// See [`v1::LogInteraction`].
    LogInteraction(v1::LogInteraction),
}

/// A command about a metric.
#[derive(Debug, Clone, PartialEq)]
pub enum MetricCommand {
    /// See [`v1::DeclareMetric`].
    DeclareMetric(v1::DeclareMetric),
    /// See [`v1::RetireMetric`].
    RetireMetric(v1::RetireMetric),
}

/// A command about a product.
#[derive(Debug, Clone, PartialEq)]
pub enum ProductCommand {
    /// See [`v1::RegisterProduct`].
    RegisterProduct(v1::RegisterProduct),
    /// See [`v1::ChangeListPrice`].
    ChangeListPrice(v1::ChangeListPrice),
    /// See [`v1::RetireProduct`].
    RetireProduct(v1::RetireProduct),
}

/// A command about a quote.
#[derive(Debug, Clone, PartialEq)]
pub enum QuoteCommand {
    /// See [`v1::DraftQuote`].
    DraftQuote(v1::DraftQuote),
    /// See [`v1::ReviseQuote`].
    ReviseQuote(v1::ReviseQuote),
    /// See [`v1::ApproveDiscount`].
    ApproveDiscount(v1::ApproveDiscount),
    /// See [`v1::SendQuote`].
    SendQuote(v1::SendQuote),
    /// See [`v1::AcceptQuote`].
    AcceptQuote(v1::AcceptQuote),
    /// See [`v1::DeclineQuote`].
    DeclineQuote(v1::DeclineQuote),
    /// See [`v1::ExpireQuote`].
    ExpireQuote(v1::ExpireQuote),
}

/// A command about a rep.
#[derive(Debug, Clone, PartialEq)]
pub enum RepCommand {
    /// See [`v1::RegisterRep`].
    RegisterRep(v1::RegisterRep),
    /// See [`v1::DeactivateRep`].
    DeactivateRep(v1::DeactivateRep),
    /// See [`v1::JoinTeam`].
    JoinTeam(v1::JoinTeam),
    /// See [`v1::LeaveTeam`].
    LeaveTeam(v1::LeaveTeam),
    /// See [`v1::SetQuota`].
    SetQuota(v1::SetQuota),
    /// See [`v1::AssignTerritory`].
    AssignTerritory(v1::AssignTerritory),
}

/// A command about a sales process.
#[derive(Debug, Clone, PartialEq)]
pub enum SalesProcessCommand {
    /// See [`v1::DefineSalesProcess`].
    DefineSalesProcess(v1::DefineSalesProcess),
    /// See [`v1::ReviseSalesProcess`].
    ReviseSalesProcess(v1::ReviseSalesProcess),
}

/// A command about a survey.
#[derive(Debug, Clone, PartialEq)]
pub enum SurveyCommand {
    /// See [`v1::AnswerSurvey`].
    AnswerSurvey(v1::AnswerSurvey),
}

/// A command about a task.
#[derive(Debug, Clone, PartialEq)]
pub enum TaskCommand {
    /// See [`v1::PlanTask`].
    PlanTask(v1::PlanTask),
    /// See [`v1::AssignTask`].
    AssignTask(v1::AssignTask),
    /// See [`v1::MoveTask`].
    MoveTask(v1::MoveTask),
    /// See [`v1::SnoozeTask`].
    SnoozeTask(v1::SnoozeTask),
    /// See [`v1::CompleteTaskItem`].
    CompleteTaskItem(v1::CompleteTaskItem),
    /// See [`v1::CompleteTask`].
    CompleteTask(v1::CompleteTask),
    /// See [`v1::EscalateTask`].
    EscalateTask(v1::EscalateTask),
    /// See [`v1::CancelTask`].
    CancelTask(v1::CancelTask),
}

/// A command about a team.
#[derive(Debug, Clone, PartialEq)]
pub enum TeamCommand {
    /// See [`v1::FormTeam`].
    FormTeam(v1::FormTeam),
    /// See [`v1::AppointManager`].
    AppointManager(v1::AppointManager),
    /// See [`v1::MoveRegion`].
    MoveRegion(v1::MoveRegion),
}

/// A command about a tenant.
#[derive(Debug, Clone, PartialEq)]
pub enum TenantCommand {
    /// See [`v1::ConfigureTenant`].
    ConfigureTenant(v1::ConfigureTenant),
}

/// A command about a ticket.
#[derive(Debug, Clone, PartialEq)]
pub enum TicketCommand {
    /// See [`v1::OpenTicket`].
    OpenTicket(v1::OpenTicket),
    /// See [`v1::AnswerTicket`].
    AnswerTicket(v1::AnswerTicket),
    /// See [`v1::EscalateTicket`].
    EscalateTicket(v1::EscalateTicket),
    /// See [`v1::CloseTicket`].
    CloseTicket(v1::CloseTicket),
    /// See [`v1::ReopenTicket`].
    ReopenTicket(v1::ReopenTicket),
    /// See [`v1::RateTicket`].
    RateTicket(v1::RateTicket),
}

/// A command about a usage.
#[derive(Debug, Clone, PartialEq)]
pub enum UsageCommand {
    /// See [`v1::RecordUsage`].
    RecordUsage(v1::RecordUsage),
    /// See [`v1::CorrectUsage`].
    CorrectUsage(v1::CorrectUsage),
}

/// A command, told apart by the noun it is about.
#[derive(Debug, Clone, PartialEq)]
pub enum Route {
    /// About a playbook.
    Playbook(PlaybookCommand),
    /// About a commission plan.
    CommissionPlan(CommissionPlanCommand),
    /// About a commission statement.
    CommissionStatement(CommissionStatementCommand),
    /// About a contract.
    Contract(ContractCommand),
    /// About a opportunity.
    Opportunity(OpportunityCommand),
    /// About a customer.
    Customer(CustomerCommand),
    /// About a exchange rate.
    ExchangeRate(ExchangeRateCommand),
    /// About a fixed cost.
    FixedCost(FixedCostCommand),
    /// About a health model.
    HealthModel(HealthModelCommand),
    /// About a interaction.
    Interaction(InteractionCommand),
    /// About a metric.
    Metric(MetricCommand),
    /// About a product.
    Product(ProductCommand),
    /// About a quote.
    Quote(QuoteCommand),
    /// About a rep.
    Rep(RepCommand),
    /// About a sales process.
    SalesProcess(SalesProcessCommand),
    /// About a survey.
    Survey(SurveyCommand),
    /// About a task.
    Task(TaskCommand),
    /// About a team.
    Team(TeamCommand),
    /// About a tenant.
    Tenant(TenantCommand),
    /// About a ticket.
    Ticket(TicketCommand),
    /// About a usage.
    Usage(UsageCommand),
}

impl From<Kind> for Route {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::PublishPlaybook(m) => Self::Playbook(PlaybookCommand::PublishPlaybook(m)),
            Kind::PublishCommissionPlan(m) => Self::CommissionPlan(CommissionPlanCommand::PublishCommissionPlan(m)),
            Kind::EnrollParticipant(m) => Self::CommissionPlan(CommissionPlanCommand::EnrollParticipant(m)),
            Kind::WithdrawParticipant(m) => Self::CommissionPlan(CommissionPlanCommand::WithdrawParticipant(m)),
            Kind::ApproveStatement(m) => Self::CommissionStatement(CommissionStatementCommand::ApproveStatement(m)),
            Kind::PayStatement(m) => Self::CommissionStatement(CommissionStatementCommand::PayStatement(m)),
            Kind::DisputeStatement(m) => Self::CommissionStatement(CommissionStatementCommand::DisputeStatement(m)),
            Kind::ResolveDispute(m) => Self::CommissionStatement(CommissionStatementCommand::ResolveDispute(m)),
            Kind::ProposeAdjustment(m) => Self::CommissionStatement(CommissionStatementCommand::ProposeAdjustment(m)),
            Kind::ApproveAdjustment(m) => Self::CommissionStatement(CommissionStatementCommand::ApproveAdjustment(m)),
            Kind::RejectAdjustment(m) => Self::CommissionStatement(CommissionStatementCommand::RejectAdjustment(m)),
            Kind::SignContract(m) => Self::Contract(ContractCommand::SignContract(m)),
            Kind::AmendContract(m) => Self::Contract(ContractCommand::AmendContract(m)),
            Kind::ReassignContract(m) => Self::Contract(ContractCommand::ReassignContract(m)),
            Kind::RecognizeRevenue(m) => Self::Contract(ContractCommand::RecognizeRevenue(m)),
            Kind::IssueInvoice(m) => Self::Contract(ContractCommand::IssueInvoice(m)),
            Kind::RecordPayment(m) => Self::Contract(ContractCommand::RecordPayment(m)),
            Kind::RecordRefund(m) => Self::Contract(ContractCommand::RecordRefund(m)),
            Kind::RecordDirectCost(m) => Self::Contract(ContractCommand::RecordDirectCost(m)),
            Kind::TerminateContract(m) => Self::Contract(ContractCommand::TerminateContract(m)),
            Kind::HandOverContract(m) => Self::Contract(ContractCommand::HandOverContract(m)),
            Kind::ReachMilestone(m) => Self::Contract(ContractCommand::ReachMilestone(m)),
            Kind::RegisterOpportunity(m) => Self::Opportunity(OpportunityCommand::RegisterOpportunity(m)),
            Kind::AssignLead(m) => Self::Opportunity(OpportunityCommand::AssignLead(m)),
            Kind::AdvanceStage(m) => Self::Opportunity(OpportunityCommand::AdvanceStage(m)),
            Kind::StepBack(m) => Self::Opportunity(OpportunityCommand::StepBack(m)),
            Kind::CompleteChecklistItem(m) => Self::Opportunity(OpportunityCommand::CompleteChecklistItem(m)),
            Kind::LogActivity(m) => Self::Opportunity(OpportunityCommand::LogActivity(m)),
            Kind::ChangeAmount(m) => Self::Opportunity(OpportunityCommand::ChangeAmount(m)),
            Kind::ChangeExpectedClose(m) => Self::Opportunity(OpportunityCommand::ChangeExpectedClose(m)),
            Kind::ChangeProducts(m) => Self::Opportunity(OpportunityCommand::ChangeProducts(m)),
            Kind::IdentifyCustomer(m) => Self::Opportunity(OpportunityCommand::IdentifyCustomer(m)),
            Kind::WinOpportunity(m) => Self::Opportunity(OpportunityCommand::WinOpportunity(m)),
            Kind::LoseOpportunity(m) => Self::Opportunity(OpportunityCommand::LoseOpportunity(m)),
            Kind::ReopenOpportunity(m) => Self::Opportunity(OpportunityCommand::ReopenOpportunity(m)),
            Kind::RegisterCustomer(m) => Self::Customer(CustomerCommand::RegisterCustomer(m)),
            Kind::UpdateCustomer(m) => Self::Customer(CustomerCommand::UpdateCustomer(m)),
            Kind::AddContact(m) => Self::Customer(CustomerCommand::AddContact(m)),
            Kind::UpdateContact(m) => Self::Customer(CustomerCommand::UpdateContact(m)),
            Kind::RemoveContact(m) => Self::Customer(CustomerCommand::RemoveContact(m)),
            Kind::AssignCsm(m) => Self::Customer(CustomerCommand::AssignCsm(m)),
            Kind::RecordChurn(m) => Self::Customer(CustomerCommand::RecordChurn(m)),
            Kind::SetExchangeRate(m) => Self::ExchangeRate(ExchangeRateCommand::SetExchangeRate(m)),
            Kind::RecordFixedCost(m) => Self::FixedCost(FixedCostCommand::RecordFixedCost(m)),
            Kind::PublishHealthModel(m) => Self::HealthModel(HealthModelCommand::PublishHealthModel(m)),
            Kind::LogInteraction(m) => Self::Interaction(InteractionCommand::LogInteraction(m)),
            Kind::DeclareMetric(m) => Self::Metric(MetricCommand::DeclareMetric(m)),
            Kind::RetireMetric(m) => Self::Metric(MetricCommand::RetireMetric(m)),
            Kind::RegisterProduct(m) => Self::Product(ProductCommand::RegisterProduct(m)),
            Kind::ChangeListPrice(m) => Self::Product(ProductCommand::ChangeListPrice(m)),
            Kind::RetireProduct(m) => Self::Product(ProductCommand::RetireProduct(m)),
            Kind::DraftQuote(m) => Self::Quote(QuoteCommand::DraftQuote(m)),
            Kind::ReviseQuote(m) => Self::Quote(QuoteCommand::ReviseQuote(m)),
            Kind::ApproveDiscount(m) => Self::Quote(QuoteCommand::ApproveDiscount(m)),
            Kind::SendQuote(m) => Self::Quote(QuoteCommand::SendQuote(m)),
            Kind::AcceptQuote(m) => Self::Quote(QuoteCommand::AcceptQuote(m)),
            Kind::DeclineQuote(m) => Self::Quote(QuoteCommand::DeclineQuote(m)),
            Kind::ExpireQuote(m) => Self::Quote(QuoteCommand::ExpireQuote(m)),
            Kind::RegisterRep(m) => Self::Rep(RepCommand::RegisterRep(m)),
            Kind::DeactivateRep(m) => Self::Rep(RepCommand::DeactivateRep(m)),
            Kind::JoinTeam(m) => Self::Rep(RepCommand::JoinTeam(m)),
            Kind::LeaveTeam(m) => Self::Rep(RepCommand::LeaveTeam(m)),
            Kind::SetQuota(m) => Self::Rep(RepCommand::SetQuota(m)),
            Kind::AssignTerritory(m) => Self::Rep(RepCommand::AssignTerritory(m)),
            Kind::DefineSalesProcess(m) => Self::SalesProcess(SalesProcessCommand::DefineSalesProcess(m)),
            Kind::ReviseSalesProcess(m) => Self::SalesProcess(SalesProcessCommand::ReviseSalesProcess(m)),
            Kind::AnswerSurvey(m) => Self::Survey(SurveyCommand::AnswerSurvey(m)),
            Kind::PlanTask(m) => Self::Task(TaskCommand::PlanTask(m)),
            Kind::AssignTask(m) => Self::Task(TaskCommand::AssignTask(m)),
            Kind::MoveTask(m) => Self::Task(TaskCommand::MoveTask(m)),
            Kind::SnoozeTask(m) => Self::Task(TaskCommand::SnoozeTask(m)),
            Kind::CompleteTaskItem(m) => Self::Task(TaskCommand::CompleteTaskItem(m)),
            Kind::CompleteTask(m) => Self::Task(TaskCommand::CompleteTask(m)),
            Kind::EscalateTask(m) => Self::Task(TaskCommand::EscalateTask(m)),
            Kind::CancelTask(m) => Self::Task(TaskCommand::CancelTask(m)),
            Kind::FormTeam(m) => Self::Team(TeamCommand::FormTeam(m)),
            Kind::AppointManager(m) => Self::Team(TeamCommand::AppointManager(m)),
            Kind::MoveRegion(m) => Self::Team(TeamCommand::MoveRegion(m)),
            Kind::ConfigureTenant(m) => Self::Tenant(TenantCommand::ConfigureTenant(m)),
            Kind::OpenTicket(m) => Self::Ticket(TicketCommand::OpenTicket(m)),
            Kind::AnswerTicket(m) => Self::Ticket(TicketCommand::AnswerTicket(m)),
            Kind::EscalateTicket(m) => Self::Ticket(TicketCommand::EscalateTicket(m)),
            Kind::CloseTicket(m) => Self::Ticket(TicketCommand::CloseTicket(m)),
            Kind::ReopenTicket(m) => Self::Ticket(TicketCommand::ReopenTicket(m)),
            Kind::RateTicket(m) => Self::Ticket(TicketCommand::RateTicket(m)),
            Kind::RecordUsage(m) => Self::Usage(UsageCommand::RecordUsage(m)),
            Kind::CorrectUsage(m) => Self::Usage(UsageCommand::CorrectUsage(m)),
        }
    }
}

/// Takes any command: what stands behind every command rpc.
#[tonic::async_trait]
pub trait HandleCommand: Clone + Send + Sync + 'static {
    /// Executes one command and answers its receipt.
    async fn handle(&self, request: Request<Kind>) -> Result<Response<Receipt>, Status>;
}

/// Serves every command rpc by one handler.
#[derive(Debug, Clone)]
pub struct CommandDoor<H>(pub H);

#[tonic::async_trait]
impl<H: HandleCommand> v1::playbook_command_service_server::PlaybookCommandService for CommandDoor<H> {
    async fn publish_playbook(&self, request: Request<v1::PublishPlaybook>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::PublishPlaybook)).await
    }
}

#[tonic::async_trait]
impl<H: HandleCommand> v1::commission_plan_command_service_server::CommissionPlanCommandService for CommandDoor<H> {
    async fn publish_commission_plan(&self, request: Request<v1::PublishCommissionPlan>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::PublishCommissionPlan)).await
    }
    async fn enroll_participant(&self, request: Request<v1::EnrollParticipant>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::EnrollParticipant)).await
    }
    async fn withdraw_participant(&self, request: Request<v1::WithdrawParticipant>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::WithdrawParticipant)).await
    }
}

#[tonic::async_trait]
impl<H: HandleCommand> v1::commission_statement_command_service_server::CommissionStatementCommandService for CommandDoor<H> {
    async fn approve_statement(&self, request: Request<v1::ApproveStatement>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::ApproveStatement)).await
    }
    async fn pay_statement(&self, request: Request<v1::PayStatement>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::PayStatement)).await
    }
    async fn dispute_statement(&self, request: Request<v1::DisputeStatement>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::DisputeStatement)).await
    }
    async fn resolve_dispute(&self, request: Request<v1::ResolveDispute>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::ResolveDispute)).await
    }
    async fn propose_adjustment(&self, request: Request<v1::ProposeAdjustment>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::ProposeAdjustment)).await
    }
    async fn approve_adjustment(&self, request: Request<v1::ApproveAdjustment>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::ApproveAdjustment)).await
    }
    async fn reject_adjustment(&self, request: Request<v1::RejectAdjustment>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::RejectAdjustment)).await
    }
}

#[tonic::async_trait]
impl<H: HandleCommand> v1::contract_command_service_server::ContractCommandService for CommandDoor<H> {
    async fn sign_contract(&self, request: Request<v1::SignContract>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::SignContract)).await
    }
    async fn amend_contract(&self, request: Request<v1::AmendContract>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::AmendContract)).await
    }
    async fn reassign_contract(&self, request: Request<v1::ReassignContract>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::ReassignContract)).await
    }
    async fn recognize_revenue(&self, request: Request<v1::RecognizeRevenue>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::RecognizeRevenue)).await
    }
    async fn issue_invoice(&self, request: Request<v1::IssueInvoice>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::IssueInvoice)).await
    }
    async fn record_payment(&self, request: Request<v1::RecordPayment>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::RecordPayment)).await
    }
    async fn record_refund(&self, request: Request<v1::RecordRefund>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::RecordRefund)).await
    }
    async fn record_direct_cost(&self, request: Request<v1::RecordDirectCost>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::RecordDirectCost)).await
    }
    async fn terminate_contract(&self, request: Request<v1::TerminateContract>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::TerminateContract)).await
    }
    async fn hand_over_contract(&self, request: Request<v1::HandOverContract>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::HandOverContract)).await
    }
    async fn reach_milestone(&self, request: Request<v1::ReachMilestone>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::ReachMilestone)).await
    }
}

#[tonic::async_trait]
impl<H: HandleCommand> v1::opportunity_command_service_server::OpportunityCommandService for CommandDoor<H> {
    async fn register_opportunity(&self, request: Request<v1::RegisterOpportunity>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::RegisterOpportunity)).await
    }
    async fn assign_lead(&self, request: Request<v1::AssignLead>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::AssignLead)).await
    }
    async fn advance_stage(&self, request: Request<v1::AdvanceStage>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::AdvanceStage)).await
    }
    async fn step_back(&self, request: Request<v1::StepBack>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::StepBack)).await
    }
    async fn complete_checklist_item(&self, request: Request<v1::CompleteChecklistItem>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::CompleteChecklistItem)).await
    }
    async fn log_activity(&self, request: Request<v1::LogActivity>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::LogActivity)).await
    }
    async fn change_amount(&self, request: Request<v1::ChangeAmount>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::ChangeAmount)).await
    }
    async fn change_expected_close(&self, request: Request<v1::ChangeExpectedClose>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::ChangeExpectedClose)).await
    }
    async fn change_products(&self, request: Request<v1::ChangeProducts>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::ChangeProducts)).await
    }
    async fn identify_customer(&self, request: Request<v1::IdentifyCustomer>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::IdentifyCustomer)).await
    }
    async fn win_opportunity(&self, request: Request<v1::WinOpportunity>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::WinOpportunity)).await
    }
    async fn lose_opportunity(&self, request: Request<v1::LoseOpportunity>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::LoseOpportunity)).await
    }
    async fn reopen_opportunity(&self, request: Request<v1::ReopenOpportunity>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::ReopenOpportunity)).await
    }
}

#[tonic::async_trait]
impl<H: HandleCommand> v1::customer_command_service_server::CustomerCommandService for CommandDoor<H> {
    async fn register_customer(&self, request: Request<v1::RegisterCustomer>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::RegisterCustomer)).await
    }
    async fn update_customer(&self, request: Request<v1::UpdateCustomer>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::UpdateCustomer)).await
    }
    async fn add_contact(&self, request: Request<v1::AddContact>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::AddContact)).await
    }
    async fn update_contact(&self, request: Request<v1::UpdateContact>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::UpdateContact)).await
    }
    async fn remove_contact(&self, request: Request<v1::RemoveContact>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::RemoveContact)).await
    }
    async fn assign_csm(&self, request: Request<v1::AssignCsm>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::AssignCsm)).await
    }
    async fn record_churn(&self, request: Request<v1::RecordChurn>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::RecordChurn)).await
    }
}

#[tonic::async_trait]
impl<H: HandleCommand> v1::exchange_rate_command_service_server::ExchangeRateCommandService for CommandDoor<H> {
    async fn set_exchange_rate(&self, request: Request<v1::SetExchangeRate>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::SetExchangeRate)).await
    }
}

#[tonic::async_trait]
impl<H: HandleCommand> v1::fixed_cost_command_service_server::FixedCostCommandService for CommandDoor<H> {
    async fn record_fixed_cost(&self, request: Request<v1::RecordFixedCost>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::RecordFixedCost)).await
    }
}

#[tonic::async_trait]
impl<H: HandleCommand> v1::health_model_command_service_server::HealthModelCommandService for CommandDoor<H> {
    async fn publish_health_model(&self, request: Request<v1::PublishHealthModel>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::PublishHealthModel)).await
    }
}

#[tonic::async_trait]
impl<H: HandleCommand> v1::interaction_command_service_server::InteractionCommandService for CommandDoor<H> {
    async fn log_interaction(&self, request: Request<v1::LogInteraction>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::LogInteraction)).await
    }
}

#[tonic::async_trait]
impl<H: HandleCommand> v1::metric_command_service_server::MetricCommandService for CommandDoor<H> {
    async fn declare_metric(&self, request: Request<v1::DeclareMetric>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::DeclareMetric)).await
    }
    async fn retire_metric(&self, request: Request<v1::RetireMetric>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::RetireMetric)).await
    }
}

#[tonic::async_trait]
impl<H: HandleCommand> v1::product_command_service_server::ProductCommandService for CommandDoor<H> {
    async fn register_product(&self, request: Request<v1::RegisterProduct>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::RegisterProduct)).await
    }
    async fn change_list_price(&self, request: Request<v1::ChangeListPrice>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::ChangeListPrice)).await
    }
    async fn retire_product(&self, request: Request<v1::RetireProduct>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::RetireProduct)).await
    }
}

#[tonic::async_trait]
impl<H: HandleCommand> v1::quote_command_service_server::QuoteCommandService for CommandDoor<H> {
    async fn draft_quote(&self, request: Request<v1::DraftQuote>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::DraftQuote)).await
    }
    async fn revise_quote(&self, request: Request<v1::ReviseQuote>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::ReviseQuote)).await
    }
    async fn approve_discount(&self, request: Request<v1::ApproveDiscount>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::ApproveDiscount)).await
    }
    async fn send_quote(&self, request: Request<v1::SendQuote>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::SendQuote)).await
    }
    async fn accept_quote(&self, request: Request<v1::AcceptQuote>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::AcceptQuote)).await
    }
    async fn decline_quote(&self, request: Request<v1::DeclineQuote>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::DeclineQuote)).await
    }
    async fn expire_quote(&self, request: Request<v1::ExpireQuote>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::ExpireQuote)).await
    }
}

#[tonic::async_trait]
impl<H: HandleCommand> v1::rep_command_service_server::RepCommandService for CommandDoor<H> {
    async fn register_rep(&self, request: Request<v1::RegisterRep>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::RegisterRep)).await
    }
    async fn deactivate_rep(&self, request: Request<v1::DeactivateRep>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::DeactivateRep)).await
    }
    async fn join_team(&self, request: Request<v1::JoinTeam>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::JoinTeam)).await
    }
    async fn leave_team(&self, request: Request<v1::LeaveTeam>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::LeaveTeam)).await
    }
    async fn set_quota(&self, request: Request<v1::SetQuota>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::SetQuota)).await
    }
    async fn assign_territory(&self, request: Request<v1::AssignTerritory>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::AssignTerritory)).await
    }
}

#[tonic::async_trait]
impl<H: HandleCommand> v1::sales_process_command_service_server::SalesProcessCommandService for CommandDoor<H> {
    async fn define_sales_process(&self, request: Request<v1::DefineSalesProcess>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::DefineSalesProcess)).await
    }
    async fn revise_sales_process(&self, request: Request<v1::ReviseSalesProcess>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::ReviseSalesProcess)).await
    }
}

#[tonic::async_trait]
impl<H: HandleCommand> v1::survey_command_service_server::SurveyCommandService for CommandDoor<H> {
    async fn answer_survey(&self, request: Request<v1::AnswerSurvey>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::AnswerSurvey)).await
    }
}

#[tonic::async_trait]
impl<H: HandleCommand> v1::task_command_service_server::TaskCommandService for CommandDoor<H> {
    async fn plan_task(&self, request: Request<v1::PlanTask>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::PlanTask)).await
    }
    async fn assign_task(&self, request: Request<v1::AssignTask>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::AssignTask)).await
    }
    async fn move_task(&self, request: Request<v1::MoveTask>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::MoveTask)).await
    }
    async fn snooze_task(&self, request: Request<v1::SnoozeTask>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::SnoozeTask)).await
    }
    async fn complete_task_item(&self, request: Request<v1::CompleteTaskItem>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::CompleteTaskItem)).await
    }
    async fn complete_task(&self, request: Request<v1::CompleteTask>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::CompleteTask)).await
    }
    async fn escalate_task(&self, request: Request<v1::EscalateTask>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::EscalateTask)).await
    }
    async fn cancel_task(&self, request: Request<v1::CancelTask>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::CancelTask)).await
    }
}

#[tonic::async_trait]
impl<H: HandleCommand> v1::team_command_service_server::TeamCommandService for CommandDoor<H> {
    async fn form_team(&self, request: Request<v1::FormTeam>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::FormTeam)).await
    }
    async fn appoint_manager(&self, request: Request<v1::AppointManager>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::AppointManager)).await
    }
    async fn move_region(&self, request: Request<v1::MoveRegion>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::MoveRegion)).await
    }
}

#[tonic::async_trait]
impl<H: HandleCommand> v1::tenant_command_service_server::TenantCommandService for CommandDoor<H> {
    async fn configure_tenant(&self, request: Request<v1::ConfigureTenant>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::ConfigureTenant)).await
    }
}

#[tonic::async_trait]
impl<H: HandleCommand> v1::ticket_command_service_server::TicketCommandService for CommandDoor<H> {
    async fn open_ticket(&self, request: Request<v1::OpenTicket>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::OpenTicket)).await
    }
    async fn answer_ticket(&self, request: Request<v1::AnswerTicket>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::AnswerTicket)).await
    }
    async fn escalate_ticket(&self, request: Request<v1::EscalateTicket>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::EscalateTicket)).await
    }
    async fn close_ticket(&self, request: Request<v1::CloseTicket>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::CloseTicket)).await
    }
    async fn reopen_ticket(&self, request: Request<v1::ReopenTicket>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::ReopenTicket)).await
    }
    async fn rate_ticket(&self, request: Request<v1::RateTicket>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::RateTicket)).await
    }
}

#[tonic::async_trait]
impl<H: HandleCommand> v1::usage_command_service_server::UsageCommandService for CommandDoor<H> {
    async fn record_usage(&self, request: Request<v1::RecordUsage>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::RecordUsage)).await
    }
    async fn correct_usage(&self, request: Request<v1::CorrectUsage>) -> Result<Response<Receipt>, Status> {
        self.0.handle(request.map(Kind::CorrectUsage)).await
    }
}

/// Adds every command service to a router, each with the largest message it takes, in bytes.
pub fn add_command_services<H: HandleCommand>(routes: &mut tonic::service::RoutesBuilder, door: &CommandDoor<H>, max_len: usize) {
    routes.add_service(v1::playbook_command_service_server::PlaybookCommandServiceServer::new(door.clone()).max_decoding_message_size(max_len));
    routes.add_service(v1::commission_plan_command_service_server::CommissionPlanCommandServiceServer::new(door.clone()).max_decoding_message_size(max_len));
    routes.add_service(v1::commission_statement_command_service_server::CommissionStatementCommandServiceServer::new(door.clone()).max_decoding_message_size(max_len));
    routes.add_service(v1::contract_command_service_server::ContractCommandServiceServer::new(door.clone()).max_decoding_message_size(max_len));
    routes.add_service(v1::opportunity_command_service_server::OpportunityCommandServiceServer::new(door.clone()).max_decoding_message_size(max_len));
    routes.add_service(v1::customer_command_service_server::CustomerCommandServiceServer::new(door.clone()).max_decoding_message_size(max_len));
    routes.add_service(v1::exchange_rate_command_service_server::ExchangeRateCommandServiceServer::new(door.clone()).max_decoding_message_size(max_len));
    routes.add_service(v1::fixed_cost_command_service_server::FixedCostCommandServiceServer::new(door.clone()).max_decoding_message_size(max_len));
    routes.add_service(v1::health_model_command_service_server::HealthModelCommandServiceServer::new(door.clone()).max_decoding_message_size(max_len));
    routes.add_service(v1::interaction_command_service_server::InteractionCommandServiceServer::new(door.clone()).max_decoding_message_size(max_len));
    routes.add_service(v1::metric_command_service_server::MetricCommandServiceServer::new(door.clone()).max_decoding_message_size(max_len));
    routes.add_service(v1::product_command_service_server::ProductCommandServiceServer::new(door.clone()).max_decoding_message_size(max_len));
    routes.add_service(v1::quote_command_service_server::QuoteCommandServiceServer::new(door.clone()).max_decoding_message_size(max_len));
    routes.add_service(v1::rep_command_service_server::RepCommandServiceServer::new(door.clone()).max_decoding_message_size(max_len));
    routes.add_service(v1::sales_process_command_service_server::SalesProcessCommandServiceServer::new(door.clone()).max_decoding_message_size(max_len));
    routes.add_service(v1::survey_command_service_server::SurveyCommandServiceServer::new(door.clone()).max_decoding_message_size(max_len));
    routes.add_service(v1::task_command_service_server::TaskCommandServiceServer::new(door.clone()).max_decoding_message_size(max_len));
    routes.add_service(v1::team_command_service_server::TeamCommandServiceServer::new(door.clone()).max_decoding_message_size(max_len));
    routes.add_service(v1::tenant_command_service_server::TenantCommandServiceServer::new(door.clone()).max_decoding_message_size(max_len));
    routes.add_service(v1::ticket_command_service_server::TicketCommandServiceServer::new(door.clone()).max_decoding_message_size(max_len));
    routes.add_service(v1::usage_command_service_server::UsageCommandServiceServer::new(door.clone()).max_decoding_message_size(max_len));
}

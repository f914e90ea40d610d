using System.CommandLine;
using Callwatch.Cli;
using Callwatch.Cli.Commands;
using Callwatch.Cli.Commands.Costs;
using Callwatch.Cli.Commands.Destinations;

var callwatch = new RootCommand("Watches model calls: receives LLM traces, keeps them, and shows latency, success, tokens and cost.")
{
    ServeCommand.Create(),
    StatusCommand.Create(),
    SendTestCommand.Create(),
    TailCommand.Create(),
    CallsCommand.Create(),
    TraceCommand.Create(),
    StatsCommand.Create(),
    FiguresCommand.Create(),
    LookupCommand.Create(),
    ExportCommand.Create(),
    ImportCommand.Create(),
    CompareCommand.Create(),
    ErrorsCommand.Create(),
    CostsCommand.Create(),
    DestinationsCommand.Create(),
    KeysCommand.Create(),
    SecretsCommand.Create(),
    ReindexCommand.Create(),
    RepriceCommand.Create(),
    ReadersCommand.Create(),
    DoctorCommand.Create(),
    BackupCommand.Create(),
    RestoreCommand.Create(),
    DemoCommand.Create(),
};
return await CommandLine.RunAsync(callwatch, args);

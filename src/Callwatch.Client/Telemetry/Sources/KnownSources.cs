namespace Callwatch.Client.Telemetry.Sources;

/// <summary>What is listened to without being asked. A name costs nothing where nobody publishes under it, and forces no package on the application.</summary>
internal static class KnownSources
{
    /// <summary>Of our own database spans: Microsoft.Data.Sqlite and whatever else is wrapped, EF Core, SqlClient.</summary>
    public const string Data = CallwatchSource.Name + ".Data";

    /// <summary>Of our own jobs.</summary>
    public const string Jobs = CallwatchSource.Name + ".Jobs";

    /// <summary>Of our own instruments.</summary>
    public const string Meter = CallwatchSource.Name;

    public static IReadOnlyList<string> Activities { get; } =
    [
        CallwatchSource.Name, Data, Jobs,
        // Requests, and what they are made of.
        "Microsoft.AspNetCore", "Microsoft.AspNetCore.*", "System.Net.Http", "Grpc.Net.Client",
        // Databases and caches.
        "Npgsql", "MySqlConnector", "Oracle.ManagedDataAccess.*", "MongoDB.Driver*", "StackExchange.Redis*", "NRedisStack*", "Redis.*", "FreeRedis*", "ServiceStack.Redis*", "Elastic.Transport",
        // Queues and jobs.
        "RabbitMQ.Client.*", "Confluent.Kafka*", "MassTransit", "NServiceBus.*", "Wolverine", "Azure.*", "Quartz*", "Hangfire*", "TickerQ*", "Coravel*",
        // Model calls.
        "OpenAI.*", "Experimental.Microsoft.Extensions.AI*", "Microsoft.Extensions.AI*", "Microsoft.SemanticKernel*", "Microsoft.Agents.AI*", "Experimental.ModelContextProtocol*", "ModelContextProtocol*",
    ];

    public static IReadOnlyList<string> Meters { get; } =
        [Meter, "Microsoft.AspNetCore.*", "System.Net.Http", "System.Runtime", "Npgsql", "Microsoft.EntityFrameworkCore", "OpenAI.*", "Experimental.Microsoft.Extensions.AI*", "Microsoft.Extensions.AI*"];

    /// <summary>Activities without a source, by their names.</summary>
    public static IReadOnlyList<string> Legacy { get; } = ["Quartz.Job.Execute", "Quartz.Job.Vetoed"];
}

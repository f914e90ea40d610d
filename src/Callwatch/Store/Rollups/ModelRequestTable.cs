using System.Runtime.InteropServices;
using Callwatch.Spans;
using Callwatch.Store.Partitions;
using Callwatch.Store.Sqlite;
using Microsoft.Data.Sqlite;

namespace Callwatch.Store.Rollups;

/// <summary>How many requests for a model's answer there were in each quarter hour, and how many of them have no call. Of one partition, written.</summary>
internal sealed class ModelRequestTable(SqliteConnection connection, PartitionWords words) : IDisposable
{
    public const long BucketSeconds = 900;

    /// <summary>In the place of the environment where nobody has counted by it.</summary>
    public const long AnyEnvironment = -1;

    /// <summary>Rows that rules before these have normalised do not say which spans are requests.</summary>
    public const int FirstRules = 2;

    private readonly Dictionary<(long Bucket, int Tenant, int App, long Environment, long Provider), (long Requests, long WithoutCall)> changes = [];

    private readonly Statement put = new(connection, """
        INSERT INTO model_requests (bucket, tenant, app, environment, provider, requests, without_call) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
        ON CONFLICT DO UPDATE SET requests = requests + excluded.requests, without_call = without_call + excluded.without_call
        """);

    private readonly Statement clean = new(connection, "DELETE FROM model_requests WHERE bucket = ?1 AND tenant = ?2 AND app = ?3 AND environment = ?4 AND provider = ?5 AND requests = 0");

    /// <summary>False of a file that nothing was written to since an older version made it.</summary>
    public static bool IsIn(SqliteConnection file) => StoreDatabase.Number(file, "SELECT count(*) FROM pragma_table_info('model_requests')") > 0;

    /// <summary>Its environment, in a file of whatever version.</summary>
    public static string EnvironmentIn(SqliteConnection file) =>
        StoreDatabase.Number(file, "SELECT count(*) FROM pragma_table_info('model_requests') WHERE name = 'environment'") > 0 ? "environment" : "-1";

    /// <summary>Adds a span, or with -1 takes it away; other spans than requests add nothing.</summary>
    public void Count(Span span, int times)
    {
        if (span.ModelRequest is not { } provider) return;
        var key = (span.End.UnixSeconds / BucketSeconds * BucketSeconds, span.TenantId, span.AppId, words.IdOrNull(span.Environment) ?? 0, words.Id(provider));
        ref var change = ref CollectionsMarshal.GetValueRefOrAddDefault(changes, key, out _);
        change = (change.Requests + times, change.WithoutCall + (span.IsWithoutCall ? times : 0));
    }

    public void Flush()
    {
        foreach (var ((bucket, tenant, app, environment, provider), (requests, without)) in changes)
        {
            if (requests == 0 && without == 0) continue;
            put.Bind(1, bucket).Bind(2, tenant).Bind(3, app).Bind(4, environment).Bind(5, provider).Bind(6, requests).Bind(7, without).Run();
            if (requests < 0) clean.Bind(1, bucket).Bind(2, tenant).Bind(3, app).Bind(4, environment).Bind(5, provider).Run();
        }

        changes.Clear();
    }

    public void Dispose()
    {
        put.Dispose();
        clean.Dispose();
    }
}

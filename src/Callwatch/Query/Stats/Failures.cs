using Callwatch.Query.Running;
using Callwatch.Spans;
using Callwatch.Store.Sqlite;
using Microsoft.Data.Sqlite;

namespace Callwatch.Query.Stats;

/// <summary>Indexes over a few calls alone, which have what is mostly asked of these.</summary>
internal static class Failures
{
    private const string Failed = "calls_fingerprint";
    private const string Unmeasured = "calls_unmeasured";

    /// <summary>
    /// A statement over <c>calls c</c> of which the condition says that there is a fingerprint. Of most of a partition's time it goes through all of its failures in
    /// their index, which SQLite would rather look up one by one.
    /// </summary>
    /// <param name="sql">Writes the statement, with this behind the table's name.</param>
    public static Statement Over(OpenPartition open, Timestamp from, Timestamp to, Func<string, string> sql)
    {
        var (first, last) = (Math.Max(from.UnixNanoseconds, open.Partition.From.UnixNanoseconds), Math.Min(to.UnixNanoseconds, open.Partition.To.UnixNanoseconds));
        var isMost = (last - first) * 2 >= open.Partition.To.UnixNanoseconds - open.Partition.From.UnixNanoseconds;
        return Prepare(open, isMost && open.Reader.HasFailures ? Failed : null, sql);
    }

    /// <summary>The same, of which the condition says that nobody knows how many tokens went in: not all of these failed.</summary>
    public static Statement OverUnmeasured(OpenPartition open, Func<string, string> sql) => Prepare(open, open.Reader.HasIndex(Unmeasured) ? Unmeasured : null, sql);

    private static Statement Prepare(OpenPartition open, string? index, Func<string, string> sql)
    {
        if (index is null) return new Statement(open.Reader.Connection, sql(""));
        try
        {
            return new Statement(open.Reader.Connection, sql(" INDEXED BY " + index));
        }
        catch (SqliteException e) when (e.Message.Contains("no query solution", StringComparison.Ordinal))
        {
            // Where the condition can hold nowhere, as of an app that nobody knows, SQLite refuses the index that it is told to use.
            return new Statement(open.Reader.Connection, sql(""));
        }
    }
}

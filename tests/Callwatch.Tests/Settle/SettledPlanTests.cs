using Callwatch.Settle;
using Callwatch.Store.Sqlite;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Tests.Settle;

/// <summary>How the settled sequence is looked through: what is asked for each trace must not cost more the more there is.</summary>
public sealed class SettledPlanTests
{
    [Fact]
    public void The_revisions_of_a_trace_are_found_by_the_trace_and_not_among_all_that_its_tenant_ever_had()
    {
        using var folder = new TempFolder();
        using var connection = new SettledFile(folder.At("settled.db"), first: 1).OpenToWrite();
        using var plan = new Statement(connection, "EXPLAIN QUERY PLAN " + SettledFile.OfTrace);
        Assert.True(plan.Step());
        Assert.Contains("INDEX settled_trace (trace=?)", plan.Text(3), StringComparison.Ordinal);
    }
}

using Callwatch.Store.Sqlite;
using Microsoft.Data.Sqlite;

namespace Callwatch.Store.Rollups;

/// <summary>Puts whole rows of rollups, and reads them.</summary>
internal sealed class RollupRowWriter(SqliteConnection connection) : IDisposable
{
    /// <summary>Key, sums in the order of <see cref="CallFigures"/>, maxima, histograms.</summary>
    public const string Columns = """
        level, bucket, tenant, app, environment, kind, operation, provider, model, outcome, asked,
        calls, latency_count, latency_sum, ttft_count, ttft_sum, speed_tokens, speed_time, input_tokens, output_tokens, total_tokens,
        cache_read, cache_write, reasoning, cost, cost_input, cost_cache_read, cost_cache_write, cost_output, cost_reasoning, cost_other,
        unpriced, positive, negative, latency_max, ttft_max, latency_histogram, ttft_histogram
        """;

    private const int FirstSum = 11;
    private const int Maxima = FirstSum + CallFigures.Count;
    private const int Histograms = Maxima + 2;

    private readonly Statement put = new(connection, $"""
        INSERT OR REPLACE INTO rollups ({Columns})
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29,
          ?30, ?31, ?32, ?33, ?34, ?35, ?36, ?37, ?38)
        """);

    public void Put(RollupKey key, FigureCell cell)
    {
        var of = key.Of;
        put.Bind(1, (long)key.Level).Bind(2, key.Bucket).Bind(3, of.Tenant).Bind(4, of.App).Bind(5, of.Environment).Bind(6, of.Kind)
            .Bind(7, of.Operation).Bind(8, of.Provider).Bind(9, of.Model).Bind(10, of.Outcome).Bind(11, of.Asked);
        for (var i = 0; i < CallFigures.Count; i++) put.Bind(FirstSum + 1 + i, cell.Sums[i]);
        put.Bind(Maxima + 1, cell.LatencyMax).Bind(Maxima + 2, cell.TtftMax).BindBlob(Histograms + 1, BlobOf(cell.Latency)).BindBlob(Histograms + 2, BlobOf(cell.Ttft)).Run();
    }

    public static RollupKey KeyOf(Statement row) => new((RollupLevel)row.Long(0), row.Long(1), new RollupDimensions(
        (int)row.Long(2), (int)row.Long(3), row.Long(4), (int)row.Long(5), row.Long(6), row.Long(7), row.Long(8), (int)row.Long(9), row.Long(10)));

    public static void ReadSums(Statement row, Span<long> sums)
    {
        for (var i = 0; i < CallFigures.Count; i++) sums[i] = row.Long(FirstSum + i);
    }

    /// <summary>Adds the row's figures to each of the cells.</summary>
    public static void AddTo(Statement row, ReadOnlySpan<long> sums, params ReadOnlySpan<FigureCell> cells)
    {
        foreach (var cell in cells) cell.Add(sums, row.Long(Maxima), row.Long(Maxima + 1), row.Blob(Histograms), row.Blob(Histograms + 1));
    }

    public void Dispose() => put.Dispose();

    private static byte[] BlobOf(HistogramSum histogram)
    {
        var blob = new byte[histogram.MostBytes];
        return blob[..histogram.Write(blob)];
    }
}

using System.Globalization;
using Callwatch.Spans;

namespace Callwatch.Query.Filters.Sql;

/// <summary>The numbers under which words of closed lists are stored.</summary>
internal static class Codes
{
    public static string Of(FilterField field, string word)
    {
        int? code = field switch
        {
            _ when field == FilterFields.Kind => SpanKinds.TryParse(word, out var kind) ? (int)kind : null,
            _ when field == FilterFields.Outcome => Find<Outcome>(outcome => outcome.Word() == word),
            _ when field == FilterFields.CallSource => Find<CallSource>(source => source.Word() == word),
            _ when field == FilterFields.Content => Find<ContentState>(state => state.Word() == word),
            _ when field == FilterFields.CostSource => word == "given" ? 1 : 2,
            _ => null,
        };
        return code?.ToString(CultureInfo.InvariantCulture) ?? "NULL";
    }

    /// <summary>The word of a stored number.</summary>
    public static string WordOf(FilterField field, long code) => field switch
    {
        _ when field == FilterFields.Kind => ((SpanKind)code).Word(),
        _ when field == FilterFields.Outcome => ((Outcome)code).Word(),
        _ when field == FilterFields.CallSource => ((CallSource)code).Word(),
        _ when field == FilterFields.Content => ((ContentState)code).Word(),
        _ => code == 1 ? "given" : "computed",
    };

    private static int? Find<T>(Func<T, bool> fits)
        where T : struct, Enum
    {
        foreach (var value in Enum.GetValues<T>())
            if (fits(value)) return Convert.ToInt32(value, CultureInfo.InvariantCulture);
        return null;
    }
}

using Callwatch.Dashboard.Language;
using Callwatch.Query.Filters;

namespace Callwatch.Dashboard.Errors;

/// <summary>What errors are told apart by, for people.</summary>
internal static class ErrorWords
{
    public static string Heading(FilterField field, Words words) => field switch
    {
        _ when field == FilterFields.App => words["App"],
        _ when field == FilterFields.Operation => words["Operation"],
        _ when field == FilterFields.AskedModel => words["Model"],
        _ when field == FilterFields.Release => words["Release"],
        _ when field == FilterFields.PromptVersion => words["Prompt version"],
        _ when field == FilterFields.Environment => words["Environment"],
        _ => words["User"],
    };
}

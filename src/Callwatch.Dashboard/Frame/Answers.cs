using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Callwatch.Dashboard.Frame;

/// <summary>How routes answer: a component, in the language and place of the visit.</summary>
internal static class Answers
{
    public static RazorComponentResult Render<TView>(this Visit visit, params (string Name, object? Value)[] values)
        where TView : IComponent => visit.Render<TView>(StatusCodes.Status200OK, values);

    public static RazorComponentResult Render<TView>(this Visit visit, int status, params (string Name, object? Value)[] values)
        where TView : IComponent =>
        new RazorComponentResult<Root>(new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            [nameof(Root.Visit)] = visit,
            [nameof(Root.Type)] = typeof(TView),
            [nameof(Root.Values)] = values.ToDictionary(pair => pair.Name, pair => pair.Value!, StringComparer.Ordinal),
        })
        {
            StatusCode = status,
            PreventStreamingRendering = true,
        };
}

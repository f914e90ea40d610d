using Callwatch.Dashboard.Language;
using Callwatch.Dashboard.Show;
using Callwatch.Query.Filters;
using Callwatch.Spans;
using Microsoft.AspNetCore.Components;

namespace Callwatch.Dashboard.Frame;

/// <summary>What every component has at hand: the visit it answers, its language, and links that keep the state.</summary>
public abstract class View : ComponentBase
{
    [CascadingParameter]
    public Visit Visit { get; set; } = null!;

    protected Words T => Visit.Words;

    protected Place Here => Visit.Place;

    protected string To(Place place) => Visit.Href(place);

    protected string To(string page) => Visit.Href(Visit.Place.On(page));

    /// <summary>Calls with one more term; a null value asks for those that have none.</summary>
    protected string CallsWith(FilterField field, string? value) => To(Here.On(Place.Calls).Narrowed(FilterPrinter.Term(field, null, value)));

    protected static RenderFragment Of(Figure figure) => Fragments.Figure(figure);

    protected RenderFragment Ago(Timestamp time) => Fragments.Moment(time, Clock.Ago(time, Visit.Now, T, Visit.Zone), Visit.Zone);
}
